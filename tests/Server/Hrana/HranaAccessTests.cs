using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OrleansSqlite.Server;
using static OrleansSqlite.Tests.HranaClient;

namespace OrleansSqlite.Tests;

/// <summary>Who is let in by the libSQL protocol, and to what.</summary>
public sealed class HranaAccessTests
{
    private readonly string admin = TokenHash.NewToken(), writer = TokenHash.NewToken(), reader = TokenHash.NewToken();

    [Fact]
    public async Task A_token_may_do_over_HTTP_what_its_scope_says()
    {
        await using var server = await StartAsync();
        Assert.Equal("1", Rows(await new HranaClient(server, "app", token: writer).ExecuteAsync("insert into t values (1) returning a")));

        var reads = new HranaClient(server, "app", token: reader);
        Assert.Equal("1", await reads.RowsAsync("select a from t"));
        foreach (string sql in (string[])["insert into t values (2)", "create table u(a)", "drop table t", "vacuum", "pragma user_version = 7"])
        {
            Assert.Contains(await reads.FailAsync(sql), (string[])["SQLITE_READONLY", "SQLITE_AUTH"]);
        }

        // In a transaction, too, and by a baton.
        await reads.ExecuteAsync("begin");
        Assert.Equal("SQLITE_READONLY", await reads.FailAsync("delete from t"));
        Assert.Equal("1", await reads.RowsAsync("select count(*) from t"));

        Assert.Equal((403, "FORBIDDEN"), await RefusedAsync(new HranaClient(server, "other", token: reader)));
        Assert.Equal((403, "FORBIDDEN"), await RefusedAsync(new HranaClient(server, "nowhere", token: reader)));
        Assert.Equal((401, "UNAUTHENTICATED"), await RefusedAsync(new HranaClient(server, "app")));
        Assert.Equal((401, "UNAUTHENTICATED"), await RefusedAsync(new HranaClient(server, "app", token: "wrong")));
    }

    [Fact]
    public async Task A_baton_is_of_no_use_without_a_token()
    {
        await using var server = await StartAsync();
        var mine = new HranaClient(server, "app", token: writer);
        await mine.ExecuteAsync("begin");
        Assert.Equal((401, "UNAUTHENTICATED"), await RefusedAsync(new HranaClient(server, "app") { Baton = mine.Baton }));
        await mine.ExecuteAsync("insert into t values (5)");
        await mine.ExecuteAsync("commit");
        Assert.Equal("5", await mine.RowsAsync("select a from t"));

        // Nor with one that may less than the one that it was given to.
        await mine.ExecuteAsync("begin");
        Assert.Equal((403, "FORBIDDEN"), await RefusedAsync(new HranaClient(server, "app", token: reader) { Baton = mine.Baton }));
    }

    [Fact]
    public async Task A_database_that_is_named_by_the_host_asks_for_the_same()
    {
        await using var server = await StartAsync();
        string body = $$"""{"baton":null,"requests":[{{Execute("select count(*) from t")}}]}""";
        Assert.Equal(401, (await server.SendAsync(HttpMethod.Post, "/v2/pipeline", body, ("Host", "app.localhost"))).Status);
        Assert.Equal(403, (await server.SendAsync(HttpMethod.Post, "/v2/pipeline", body, ("Host", "other.localhost"), ("Authorization", "Bearer " + reader))).Status);
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Post, "/v2/pipeline", body, ("Host", "app.localhost"), ("Authorization", "Bearer " + reader))).Status);
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

    [Fact]
    public async Task What_an_app_asks_for_by_itself_covers_both_protocols()
    {
        await using var engine = await DatabaseEngine.OpenAsync("memory:");
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IDatabaseCatalog>(engine);
        builder.Services.AddOrleansSqliteServer();
        await using var app = builder.Build();
        app.MapOrleansSqlite().RequireAuthorization();
        foreach (var endpoint in ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>())
        {
            string path = endpoint.RoutePattern.RawText!;
            bool isOpen = path is "/" or "/console/{asset}" or "/health/live" or "/health/ready" or "/v1/openapi.json" && endpoint.Metadata.GetMetadata<Server.Hrana.SocketOnly>() is null;
            Assert.True(isOpen == (endpoint.Metadata.GetMetadata<IAuthorizeData>() is null), $"{path} {isOpen}");
        }
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

        await new HranaClient(server, "app", token: writer).ExecuteAsync("create table t(a)");
        return server;
    }

    private static async Task<(int Status, string? Code)> RefusedAsync(HranaClient client)
    {
        var reply = await client.PostAsync(Execute("select 1"));
        return (reply.Status, reply.Json.GetProperty("code").GetString());
    }

    /// <summary>Says hello, and if it is let in tries to write. Gives the answer to hello, and the code of the error of either.</summary>
    private static async Task<string> HelloAsync(TestServer server, string path, string? token)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("hrana3");
        await socket.ConnectAsync(new UriBuilder(new Uri(server.Client.BaseAddress!, path)) { Scheme = "ws" }.Uri, CancellationToken.None);
        var hello = await AskAsync($$"""{"type":"hello","jwt":{{JsonSerializer.Serialize(token)}}}""");
        string said = hello.GetProperty("type").GetString()!;
        if (said == "hello_error")
        {
            return $"{said} {hello.GetProperty("error").GetProperty("code").GetString()}";
        }

        await AskAsync("""{"type":"request","request_id":1,"request":{"type":"open_stream","stream_id":1}}""");
        var answer = await AskAsync("""{"type":"request","request_id":2,"request":{"type":"execute","stream_id":1,"stmt":{"sql":"insert into t values (7)"}}}""");
        return $"{said} {(answer.TryGetProperty("error", out var error) ? error.GetProperty("code").GetString() : "")}";

        async Task<JsonElement> AskAsync(string message)
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, true, CancellationToken.None);
            var buffer = new byte[64 << 10];
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            return JsonDocument.Parse(buffer.AsMemory(0, received.Count)).RootElement;
        }
    }
}
