using System.Net.WebSockets;
using static OrleansSqlite.Tests.HranaClient;
using static OrleansSqlite.Tests.HranaSocketClient;

namespace OrleansSqlite.Tests;

/// <summary>Which versions and encodings of the protocol there are, and how a client gets one.</summary>
public sealed class HranaVersionTests
{
    [Theory]
    [InlineData("v2")]
    [InlineData("v3")]
    [InlineData("v3-protobuf")]
    public async Task A_version_that_is_spoken_says_so(string version)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Get, $"/db/some/{version}")).Status);
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Get, $"/{version}", null, ("Host", "some.localhost"))).Status);
    }

    [Theory]
    [InlineData("v2")]
    [InlineData("v3")]
    [InlineData("v3-protobuf")]
    public async Task A_pipeline_is_answered_as_the_protocol_has_it(string version)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(id integer primary key, name varchar(10))");
        var reply = await new HranaClient(server, "db", version).PostAsync(
            Execute("insert into t(name) values ('one'), ('two')"), Execute("select id, name, id + 1 as next from t"), """{"type":"close"}""");
        Assert.Equal(200, reply.Status);
        Assert.Equal(version == HranaPost.Protobuf ? "application/x-protobuf" : "application/json", reply.MediaType);
        Assert.Equal(
            """
            {"baton":null,"base_url":null,"results":[
            {"type":"ok","response":{"type":"execute","result":{"cols":[],"rows":[],"affected_row_count":2,"last_insert_rowid":"2"}}},
            {"type":"ok","response":{"type":"execute","result":{"cols":[{"name":"id","decltype":"INTEGER"},{"name":"name","decltype":"varchar(10)"},{"name":"next","decltype":null}],
            "rows":[[{"type":"integer","value":"1"},{"type":"text","value":"one"},{"type":"integer","value":"2"}],[{"type":"integer","value":"2"},{"type":"text","value":"two"},{"type":"integer","value":"3"}]],
            "affected_row_count":0,"last_insert_rowid":"2"}}},
            {"type":"ok","response":{"type":"close"}}]}
            """.ReplaceLineEndings(""),
            reply.Text);
    }

    [Theory]
    [InlineData("/db/db/v1/pipeline")]
    [InlineData("/db/db/v2/cursor")]
    [InlineData("/db/db/v2-protobuf/pipeline")]
    [InlineData("/db/db/v3-protobuf/batch")]
    public async Task What_the_protocol_does_not_have_is_not_there(string path)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(404, (await server.SendAsync(HttpMethod.Post, path, "{}")).Status);
    }

    [Theory]
    [InlineData("hrana3", "hrana3")]
    [InlineData("hrana3-protobuf", "hrana3-protobuf")]
    [InlineData("hrana2", "hrana2")]
    [InlineData("hrana2,hrana3", "hrana3")]
    [InlineData("hrana2,hrana3,hrana3-protobuf", "hrana3-protobuf")]
    [InlineData(null, null)]
    public async Task Requests_of_several_streams_are_answered_on_one_connection(string? offered, string? chosen)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        using var socket = await ConnectAsync(server, "/db/db/", offered);
        Assert.Equal(chosen, socket.SubProtocol is "" ? null : socket.SubProtocol);
        await SendAsync(socket, """{"type":"hello","jwt":null}""");
        Assert.Equal("""{"type":"hello_ok"}""", (await ReceiveAsync(socket)).GetRawText());
        await AskAsync(socket, 1, """{"type":"open_stream","stream_id":1}""");
        await AskAsync(socket, 2, """{"type":"open_stream","stream_id":2}""");
        await AskAsync(socket, 3, On(1, Execute("begin")));
        await AskAsync(socket, 4, On(1, Execute("insert into t values (1)")));
        await AskAsync(socket, 5, """{"type":"store_sql","sql_id":7,"sql":"select count(*) from t"}""");
        Assert.Equal("0", Rows(await AskAsync(socket, 6, """{"type":"execute","stream_id":2,"stmt":{"sql_id":7}}""")));
        Assert.Equal("1", Rows(await AskAsync(socket, 7, """{"type":"execute","stream_id":1,"stmt":{"sql_id":7}}""")));
        Assert.False((await AskAsync(socket, 8, """{"type":"get_autocommit","stream_id":1}""")).GetProperty("is_autocommit").GetBoolean());
        var batch = await AskAsync(socket, 9, On(1, Batch(Step("commit"), Step("select 5", """{"type":"is_autocommit"}"""))));
        Assert.Equal("5", Rows(batch.GetProperty("step_results")[1]));
        Assert.Equal("1", Rows(await AskAsync(socket, 10, """{"type":"execute","stream_id":2,"stmt":{"sql_id":7}}""")));
        await AskAsync(socket, 11, """{"type":"close_stream","stream_id":1}""");
        Assert.Equal("STREAM_NOT_OPEN", await AskForErrorAsync(socket, 12, On(1, Execute("select 1"))));
        Assert.Equal("SQLITE_ERROR", await AskForErrorAsync(socket, 13, On(2, Execute("selec"))));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task A_subprotocol_that_is_not_spoken_and_an_address_without_a_database_are_refused()
    {
        await using var server = await TestServer.StartAsync();
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(server, "/db/db", "hrana1"));
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(server, "/db/db", "hrana2-protobuf"));
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(server, "/", "hrana3"));
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(server, "/db/.bad", "hrana3"));
    }
}
