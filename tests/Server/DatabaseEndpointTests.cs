namespace OrleansSqlite.Tests;

public sealed class DatabaseEndpointTests
{
    [Fact]
    public async Task A_database_is_created_described_listed_and_deleted()
    {
        await using var server = await TestServer.StartAsync();
        var created = await server.PutAsync("shop");
        Assert.Equal(201, created.Status);
        Assert.Equal("\"0\"", created.ETag);
        Assert.Equal("/v1/databases/shop", created.Headers["Location"]);
        Assert.Equal("application/json", created.MediaType);
        Assert.Equal(
            ["name", "id", "version", "committedAt", "pageBytes", "pageCount", "bytes", "storedBytes", "segments", "oldestVersion", "retentionSeconds"],
            created.Json.EnumerateObject().Select(member => member.Name));

        await server.PutAsync("another");
        Assert.Equal(200, (await server.ExecuteAsync("shop", """{"statements":["create table t(a)"]}""")).Status);
        var described = await server.SendAsync(HttpMethod.Get, "/v1/databases/shop");
        Assert.Equal("\"1\"", described.ETag);
        Assert.Equal(1, described.Json.GetProperty("version").GetInt64());
        Assert.Equal(created.Json.GetProperty("id").GetGuid(), described.Json.GetProperty("id").GetGuid());
        Assert.Equal(
            described.Json.GetProperty("pageBytes").GetInt64() * described.Json.GetProperty("pageCount").GetInt64(),
            described.Json.GetProperty("bytes").GetInt64());

        var listed = (await server.SendAsync(HttpMethod.Get, "/v1/databases")).Json.GetProperty("databases");
        Assert.Equal(["another", "shop"], listed.EnumerateArray().Select(database => database.GetProperty("name").GetString()));
        Assert.Equal(described.Text.TrimEnd(), listed[1].GetRawText());

        var deleted = await server.SendAsync(HttpMethod.Delete, "/v1/databases/shop");
        Assert.Equal(204, deleted.Status);
        Assert.Empty(deleted.Text);
        (await server.SendAsync(HttpMethod.Get, "/v1/databases/shop")).Problem(404, "Invalid", ErrorCodes.DatabaseNotFound);
        Assert.Equal(201, (await server.PutAsync("shop")).Status);
    }

    [Fact]
    public async Task A_database_is_created_once()
    {
        await using var server = await TestServer.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.PutAsync("shop")));
        Assert.Single(answers, answer => answer.Status == 201);
        Assert.All(answers.Where(answer => answer.Status != 201), answer => answer.Problem(409, "Invalid", ErrorCodes.DatabaseExists));
    }

    [Theory]
    [InlineData("..%2Fescape")]
    [InlineData("a%2Fb")]
    [InlineData("Capital")]
    [InlineData("%20")]
    [InlineData(".probe")]
    public async Task A_bad_name_is_refused(string name)
    {
        await using var server = await TestServer.StartAsync();
        (await server.PutAsync(name)).Problem(400, "Invalid", ErrorCodes.BadName);
        (await server.SendAsync(HttpMethod.Get, $"/v1/databases/{name}")).Problem(400, "Invalid", ErrorCodes.BadName);
        (await server.QueryAsync(name, """{"sql":"select 1"}""")).Problem(400, "Invalid", ErrorCodes.BadName);
    }

    [Fact]
    public async Task What_is_not_there_is_404()
    {
        await using var server = await TestServer.StartAsync();
        foreach (var reply in (Reply[])
        [
            await server.SendAsync(HttpMethod.Get, "/v1/databases/nope"),
            await server.SendAsync(HttpMethod.Delete, "/v1/databases/nope"),
            await server.QueryAsync("nope", """{"sql":"select 1"}"""),
            await server.ExecuteAsync("nope", """{"statements":["select 1"]}"""),
        ])
        {
            Assert.Equal("nope", reply.Problem(404, "Invalid", ErrorCodes.DatabaseNotFound).GetProperty("database").GetString());
        }
    }

    [Fact]
    public async Task A_condition_that_is_not_understood_is_not_dropped_in_silence()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("shop");
        (await server.SendAsync(HttpMethod.Delete, "/v1/databases/shop", null, ("If-Match", "\"7\""))).Problem(400, "Invalid", ErrorCodes.BadArgument);
        (await server.SendAsync(HttpMethod.Post, "/v1/databases/shop/query", """{"sql":"select 1"}""", ("If-Match", "\"0\""))).Problem(400, "Invalid", ErrorCodes.BadArgument);
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Get, "/v1/databases/shop")).Status);
    }

    [Fact]
    public async Task The_front_page_says_what_this_is()
    {
        await using var server = await TestServer.StartAsync();
        using var response = await server.Client.GetAsync("/");
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        var text = await response.Content.ReadAsStringAsync();
        Assert.Contains("SQLite databases in an object store", text, StringComparison.Ordinal);
        Assert.Contains($"curl -X PUT {server.Client.BaseAddress}v1/databases/hello", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_can_put_everything_under_a_prefix()
    {
        await using var engine = await DatabaseEngine.OpenAsync("memory:");
        await using var server = await TestServer.StartAsync(engine, prefix: "/data");
        var created = await server.SendAsync(HttpMethod.Put, "/data/v1/databases/shop");
        Assert.Equal("/data/v1/databases/shop", created.Headers["Location"]);
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Get, "/data/health/ready")).Status);
        Assert.Contains("/data/v1/databases/hello", await server.Client.GetStringAsync("/data/"), StringComparison.Ordinal);
    }
}
