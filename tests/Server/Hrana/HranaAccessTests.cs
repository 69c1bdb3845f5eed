using System.Text.Json;
using OrleansSqlite.Server;
using static OrleansSqlite.Tests.HranaClient;
using static OrleansSqlite.Tests.HranaSocketClient;

namespace OrleansSqlite.Tests;

/// <summary>Who is let in by the libSQL protocol, and to what.</summary>
public abstract class HranaAccessTests(string version)
{
    private readonly string admin = TokenHash.NewToken(), writer = TokenHash.NewToken(), reader = TokenHash.NewToken();

    [Fact]
    public async Task A_token_may_do_over_HTTP_what_its_scope_says()
    {
        await using var server = await StartAsync();
        Assert.Equal("1", Rows(await new HranaClient(server, "app", version, writer).ExecuteAsync("insert into t values (1) returning a")));

        var reads = new HranaClient(server, "app", version, reader);
        Assert.Equal("1", await reads.RowsAsync("select a from t"));
        foreach (string sql in (string[])["insert into t values (2)", "create table u(a)", "drop table t", "vacuum", "pragma user_version = 7"])
        {
            Assert.Contains(await reads.FailAsync(sql), (string[])["SQLITE_READONLY", "SQLITE_AUTH"]);
        }

        // In a transaction, too, and by a baton.
        await reads.ExecuteAsync("begin");
        Assert.Equal("SQLITE_READONLY", await reads.FailAsync("delete from t"));
        Assert.Equal("1", await reads.RowsAsync("select count(*) from t"));

        Assert.Equal((403, "FORBIDDEN"), await RefusedAsync(new HranaClient(server, "other", version, reader)));
        Assert.Equal((403, "FORBIDDEN"), await RefusedAsync(new HranaClient(server, "nowhere", version, reader)));
        Assert.Equal((401, "UNAUTHENTICATED"), await RefusedAsync(new HranaClient(server, "app", version)));
        Assert.Equal((401, "UNAUTHENTICATED"), await RefusedAsync(new HranaClient(server, "app", version, "wrong")));
    }

    [Fact]
    public async Task A_baton_is_of_no_use_without_a_token()
    {
        await using var server = await StartAsync();
        var mine = new HranaClient(server, "app", version, writer);
        await mine.ExecuteAsync("begin");
        Assert.Equal((401, "UNAUTHENTICATED"), await RefusedAsync(new HranaClient(server, "app", version) { Baton = mine.Baton }));
        await mine.ExecuteAsync("insert into t values (5)");
        await mine.ExecuteAsync("commit");
        Assert.Equal("5", await mine.RowsAsync("select a from t"));

        // Nor with one that may less than the one that it was given to.
        await mine.ExecuteAsync("begin");
        Assert.Equal((403, "FORBIDDEN"), await RefusedAsync(new HranaClient(server, "app", version, reader) { Baton = mine.Baton }));
    }

    [Fact]
    public async Task A_database_that_is_named_by_the_host_asks_for_the_same()
    {
        await using var server = await StartAsync();
        string body = $$"""{"baton":null,"requests":[{{Execute("select count(*) from t")}}]}""";
        Assert.Equal(401, (await server.PostHranaAsync($"/{version}/pipeline", body, ("Host", "app.localhost"))).Status);
        Assert.Equal(403, (await server.PostHranaAsync($"/{version}/pipeline", body, ("Host", "other.localhost"), ("Authorization", "Bearer " + reader))).Status);
        Assert.Equal(200, (await server.PostHranaAsync($"/{version}/pipeline", body, ("Host", "app.localhost"), ("Authorization", "Bearer " + reader))).Status);
    }

    [Fact]
    public async Task A_cursor_asks_for_the_same()
    {
        await using var server = await StartAsync();
        string body = $$"""{"batch":{"steps":[{{Step("insert into t values (3)")}}] } }""";
        Assert.Equal((401, "UNAUTHENTICATED"), await RefusedAsync(null));
        Assert.Equal((401, "UNAUTHENTICATED"), await RefusedAsync("wrong"));
        Assert.Contains("SQLITE_READONLY", (await PostAsync(reader)).Text, StringComparison.Ordinal);
        Assert.Contains("step_end", (await PostAsync(writer)).Text, StringComparison.Ordinal);
        Assert.Equal("3", await new HranaClient(server, "app", version, reader).RowsAsync("select a from t"));

        Task<Reply> PostAsync(string? token) =>
            server.PostHranaAsync($"/db/app/{version}/cursor", body, token is null ? [] : [("Authorization", "Bearer " + token)]);

        async Task<(int, string?)> RefusedAsync(string? token)
        {
            var reply = await PostAsync(token);
            Assert.StartsWith("Bearer", reply.Headers["WWW-Authenticate"], StringComparison.Ordinal);
            return (reply.Status, reply.Json.GetProperty("code").GetString());
        }
    }

    [Theory]
    [InlineData("pipeline")]
    [InlineData("cursor")]
    public async Task What_a_stranger_sends_is_not_even_read(string endpoint)
    {
        await using var server = await StartAsync();
        using var nonsense = new ByteArrayContent("nonsense in every encoding"u8.ToArray());
        Assert.Equal(401, (await server.SendBodyAsync(HttpMethod.Post, $"/db/app/{version}/{endpoint}", nonsense)).Status);
    }

    [Fact]
    public async Task A_token_comes_with_hello_over_a_WebSocket()
    {
        await using var server = await StartAsync();
        Assert.Equal("hello_error UNAUTHENTICATED", await HelloAsync(server, "/db/app", null));
        Assert.Equal("hello_error UNAUTHENTICATED", await HelloAsync(server, "/db/app", "wrong"));
        Assert.Equal("hello_error FORBIDDEN", await HelloAsync(server, "/db/other", reader));
        Assert.Equal("hello_ok ", await HelloAsync(server, "/db/app", writer));
        Assert.Equal("hello_ok SQLITE_READONLY", await HelloAsync(server, "/db/app", reader));
    }

    private async Task<TestServer> StartAsync()
    {
        var server = await TestServer.StartAsync(options =>
        {
            options.Access.Tokens.Add(new() { Name = "admin", Hash = TokenHash.Of(admin), Scope = "admin:*" });
            options.Access.Tokens.Add(new() { Name = "writer", Hash = TokenHash.Of(writer), Scope = "write:app" });
            options.Access.Tokens.Add(new() { Name = "reader", Hash = TokenHash.Of(reader), Scope = "read:app" });
        });
        foreach (string name in (string[])["app", "other"])
        {
            Assert.Equal(201, (await server.SendAsync(HttpMethod.Put, "/v1/databases/" + name, null, ("Authorization", "Bearer " + admin))).Status);
        }

        await new HranaClient(server, "app", version, writer).ExecuteAsync("create table t(a)");
        return server;
    }

    private static async Task<(int Status, string? Code)> RefusedAsync(HranaClient client)
    {
        var reply = await client.PostAsync(Execute("select 1"));
        return (reply.Status, reply.Json.GetProperty("code").GetString());
    }

    /// <summary>Says hello, and if it is let in tries to write. Gives the answer to hello, and the code of the error of either.</summary>
    private async Task<string> HelloAsync(TestServer server, string path, string? token)
    {
        using var socket = await ConnectAsync(server, path, "hrana" + version[1..]);
        await SendAsync(socket, $$"""{"type":"hello","jwt":{{JsonSerializer.Serialize(token)}}}""");
        var hello = await ReceiveAsync(socket);
        string said = hello.GetProperty("type").GetString()!;
        if (said == "hello_error")
        {
            return $"{said} {hello.GetProperty("error").GetProperty("code").GetString()}";
        }

        await AskAsync(socket, 1, """{"type":"open_stream","stream_id":1}""");
        await SendAsync(socket, """{"type":"request","request_id":2,"request":{"type":"execute","stream_id":1,"stmt":{"sql":"insert into t values (7)"}}}""");
        var answer = await ReceiveAsync(socket);
        return $"{said} {(answer.TryGetProperty("error", out var error) ? error.GetProperty("code").GetString() : "")}";
    }
}

public sealed class JsonHranaAccessTests() : HranaAccessTests("v3");

public sealed class ProtobufHranaAccessTests() : HranaAccessTests(HranaPost.Protobuf);
