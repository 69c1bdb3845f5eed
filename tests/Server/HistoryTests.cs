namespace OrleansSqlite.Tests;

/// <summary>The past over HTTP.</summary>
public sealed class HistoryTests
{
    private const string Shop = "/v1/databases/shop";

    [Fact]
    public async Task History_is_listed_in_pieces()
    {
        await using var server = await WithVersionsAsync();
        var whole = await server.SendAsync(HttpMethod.Get, $"{Shop}/history");
        Assert.Equal(200, whole.Status);
        Assert.Equal([4L, 3, 2, 1], Versions(whole));
        Assert.False(whole.Json.TryGetProperty("below", out _));
        Assert.Equal(
            ["version", "committedAt", "bytes", "changedPages", "storedBytes", "tables"],
            whole.Json.GetProperty("versions")[0].EnumerateObject().Select(member => member.Name));

        var some = await server.SendAsync(HttpMethod.Get, $"{Shop}/history?limit=3");
        Assert.Equal([4L, 3, 2], Versions(some));
        var rest = await server.SendAsync(HttpMethod.Get, $"{Shop}/history?limit=3&below={some.Json.GetProperty("below").GetInt64()}");
        Assert.Equal([1L], Versions(rest));
        (await server.SendAsync(HttpMethod.Get, "/v1/databases/nope/history")).Problem(404, "Invalid", ErrorCodes.DatabaseNotFound);
    }

    [Theory]
    [InlineData("GET", "history?limit=0", null)]
    [InlineData("GET", "history?limit=many", null)]
    [InlineData("GET", "history?below=-1", null)]
    [InlineData("GET", "?atVersion=x", null)]
    [InlineData("GET", "?atVersion=1&atSnapshot=x", null)]
    [InlineData("GET", "?atTime=yesterday", null)]
    [InlineData("GET", "?atTime=2026-11-23T04:30:00", null)]
    [InlineData("POST", "collect?dryRun=maybe", null)]
    [InlineData("POST", "restore", "{}")]
    [InlineData("POST", "restore", "{\"to\":\"strong\"}")]
    [InlineData("POST", "restore", "{\"to\":{\"atLeast\":1}}")]
    [InlineData("POST", "restore", "{\"to\":{\"atVersion\":-1}}")]
    [InlineData("POST", "restore", "{\"to\":{\"atTime\":12}}")]
    [InlineData("POST", "restore", "{\"to\":{\"atVersion\":1,\"atTime\":2}}")]
    [InlineData("PUT", "retention", "{\"seconds\":-1}")]
    [InlineData("PUT", "retention", "{\"seconds\":1e300}")]
    [InlineData("PUT", "retention", "{\"seconds\":1.5}")]
    [InlineData("PUT", "retention", "{\"seconds\":4294967295}")]
    [InlineData("PUT", "retention", "{\"seconds\":9000000000000000000}")]
    [InlineData("POST", "fork", "{}")]
    public async Task What_is_malformed_is_400(string method, string path, string? body)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("shop");
        string address = path.StartsWith('?') ? Shop + path : $"{Shop}/{path}";
        (await server.SendAsync(new HttpMethod(method), address, body)).Problem(400, "Invalid", ErrorCodes.BadArgument);
    }

    [Fact]
    public async Task Earlier_versions_are_queried_and_described()
    {
        await using var server = await WithVersionsAsync();
        var named = await server.SendAsync(HttpMethod.Post, $"{Shop}/snapshots", """{"name":"two","at":{"atVersion":2}}""");
        Assert.Equal((201, "\"2\""), (named.Status, named.ETag));
        string time = (await server.SendAsync(HttpMethod.Get, $"{Shop}?atVersion=3")).Json.GetProperty("committedAt").GetDateTimeOffset().ToString("O");
        Assert.InRange(await CountAsync($$"""{"atTime":"{{time}}"}"""), 2, 3);
        Assert.Equal((0, 1, 3), (await CountAsync("""{"atVersion":1}"""), await CountAsync("""{"atSnapshot":"two"}"""), await CountAsync("\"strong\"")));
        var described = await server.SendAsync(HttpMethod.Get, $"{Shop}?atSnapshot=two");
        Assert.Equal(("\"2\"", 2), (described.ETag, described.Json.GetProperty("version").GetInt64()));

        (await server.QueryAsync("shop", """{"sql":"select 1","level":{"atVersion":99}}""")).Problem(412, "Invalid", ErrorCodes.VersionNotReached);
        (await server.QueryAsync("shop", """{"sql":"select 1","level":{"atTime":"2001-01-01T00:00:00Z"}}""")).Problem(410, "Invalid", ErrorCodes.VersionGone);
        (await server.QueryAsync("shop", """{"sql":"select 1","level":{"atSnapshot":"three"}}""")).Problem(409, "Invalid", ErrorCodes.SnapshotName);
        (await server.QueryAsync("shop", """{"sql":"select 1","level":{"atSnapshot":"../x"}}""")).Problem(400, "Invalid", ErrorCodes.BadName);

        async Task<int> CountAsync(string level)
        {
            var reply = await server.QueryAsync("shop", $$"""{"sql":"select count(*) from t","level":{{level}}}""");
            return reply.Json.GetProperty("rows")[0][0].GetInt32();
        }
    }

    [Fact]
    public async Task A_version_is_restored_as_a_new_one()
    {
        await using var server = await WithVersionsAsync();
        var restored = await server.SendAsync(HttpMethod.Post, $"{Shop}/restore", """{"to":{"atVersion":2}}""");
        Assert.Equal((200, "\"5\"", 5), (restored.Status, restored.ETag, restored.Json.GetProperty("version").GetInt32()));
        Assert.Equal("[[1]]", (await server.QueryAsync("shop", """{"sql":"select count(*) from t"}""")).Json.GetProperty("rows").GetRawText());
        Assert.Equal("[[3]]", (await server.QueryAsync("shop", """{"sql":"select count(*) from t","level":{"atVersion":4}}""")).Json.GetProperty("rows").GetRawText());
    }

    [Fact]
    public async Task Snapshots_are_named_listed_and_dropped()
    {
        await using var server = await WithVersionsAsync();
        var made = await server.SendAsync(HttpMethod.Post, $"{Shop}/snapshots", """{"name":"now"}""");
        Assert.Equal(["name", "version", "committedAt", "namedAt", "bytes"], made.Json.EnumerateObject().Select(member => member.Name));
        (await server.SendAsync(HttpMethod.Post, $"{Shop}/snapshots", """{"name":"now"}""")).Problem(409, "Invalid", ErrorCodes.SnapshotName);
        var listed = await server.SendAsync(HttpMethod.Get, $"{Shop}/snapshots");
        Assert.Equal(made.Text.TrimEnd(), Assert.Single(listed.Json.GetProperty("snapshots").EnumerateArray()).GetRawText());
        Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, $"{Shop}/snapshots/now")).Status);
        (await server.SendAsync(HttpMethod.Delete, $"{Shop}/snapshots/now")).Problem(409, "Invalid", ErrorCodes.SnapshotName);
        Assert.Empty((await server.SendAsync(HttpMethod.Get, $"{Shop}/snapshots")).Json.GetProperty("snapshots").EnumerateArray());
    }

    [Fact]
    public async Task A_fork_is_a_database_of_its_own()
    {
        await using var server = await WithVersionsAsync();
        var forked = await server.SendAsync(HttpMethod.Post, $"{Shop}/fork", """{"name":"copy","at":{"atVersion":3}}""");
        Assert.Equal((201, "\"3\"", "/v1/databases/copy"), (forked.Status, forked.ETag, forked.Headers["Location"]));
        await server.ExecuteAsync("copy", """{"statements":["delete from t"]}""");
        Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, Shop)).Status);
        Assert.Equal("[[2]]", (await server.QueryAsync("copy", """{"sql":"select count(*) from t","level":{"atVersion":3}}""")).Json.GetProperty("rows").GetRawText());
        (await server.SendAsync(HttpMethod.Post, "/v1/databases/copy/fork", """{"name":"copy"}""")).Problem(409, "Invalid", ErrorCodes.DatabaseExists);
    }

    [Fact]
    public async Task Retention_is_set_a_collection_reports_and_a_compaction_describes()
    {
        await using var server = await WithVersionsAsync();
        var set = await server.SendAsync(HttpMethod.Put, $"{Shop}/retention", """{"seconds":3600}""");
        Assert.Equal((200, 3600), (set.Status, set.Json.GetProperty("retentionSeconds").GetInt64()));
        foreach (string query in (string[])["?dryRun=true", ""])
        {
            var report = await server.SendAsync(HttpMethod.Post, $"{Shop}/collect{query}");
            Assert.Equal(
                ["name", "deleted", "deletedBytes", "kept", "keptBytes", "young", "oldestVersion"],
                report.Json.EnumerateObject().Select(member => member.Name));
            Assert.Equal(0, report.Json.GetProperty("deleted").GetInt32());
        }

        var compacted = await server.SendAsync(HttpMethod.Post, $"{Shop}/compact");
        Assert.Equal((200, "\"4\"", 3600), (compacted.Status, compacted.ETag, compacted.Json.GetProperty("retentionSeconds").GetInt64()));
        (await server.SendAsync(HttpMethod.Post, "/v1/databases/nope/compact")).Problem(404, "Invalid", ErrorCodes.DatabaseNotFound);
        (await server.SendAsync(HttpMethod.Post, "/v1/databases/nope/collect")).Problem(404, "Invalid", ErrorCodes.DatabaseNotFound);
    }

    /// <summary>Version 1 has the table, each of the next three one row more.</summary>
    private static async Task<TestServer> WithVersionsAsync()
    {
        var server = await TestServer.StartAsync();
        await server.CreateAsync("shop", "create table t(v)");
        for (int i = 2; i <= 4; i++)
        {
            Assert.Equal(200, (await server.ExecuteAsync("shop", $$"""{"statements":["insert into t values ({{i}})"]}""")).Status);
        }

        return server;
    }

    private static IEnumerable<long> Versions(Reply reply) =>
        reply.Json.GetProperty("versions").EnumerateArray().Select(version => version.GetProperty("version").GetInt64());
}
