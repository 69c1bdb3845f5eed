using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using static OrleansSqlite.Tests.HranaClient;

namespace OrleansSqlite.Tests;

public sealed class HranaSocketTests
{
    [Theory]
    [InlineData("hrana3", "hrana3")]
    [InlineData("hrana2", "hrana2")]
    [InlineData("hrana2,hrana3", "hrana3")]
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
    public async Task A_cursor_is_fetched_in_pieces()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        using var socket = await HelloAsync(server, "/db/db");
        await AskAsync(socket, 1, """{"type":"open_stream","stream_id":1}""");
        await AskAsync(socket, 2, $$"""{"type":"open_cursor","stream_id":1,"cursor_id":4,{{Batch(Step("values (1), (2), (3)"))[16..]}}""");
        var first = await AskAsync(socket, 3, """{"type":"fetch_cursor","cursor_id":4,"max_count":3}""");
        Assert.Equal("step_begin,row,row", Types(first));
        Assert.False(first.GetProperty("done").GetBoolean());
        var rest = await AskAsync(socket, 4, """{"type":"fetch_cursor","cursor_id":4,"max_count":100}""");
        Assert.Equal("row,step_end", Types(rest));
        Assert.Equal("CURSOR_OPEN", await AskForErrorAsync(socket, 40, $$"""{"type":"open_cursor","stream_id":1,"cursor_id":5,{{Batch(Step("select 1"))[16..]}}"""));
        Assert.True(rest.GetProperty("done").GetBoolean());
        await AskAsync(socket, 5, """{"type":"close_cursor","cursor_id":4}""");
        Assert.Equal("CURSOR_NOT_OPEN", await AskForErrorAsync(socket, 6, """{"type":"fetch_cursor","cursor_id":4,"max_count":1}"""));

        static string Types(JsonElement fetched) =>
            string.Join(',', fetched.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("type").GetString()));
    }

    [Theory]
    [InlineData("close")]
    [InlineData("vanish")]
    public async Task A_client_that_goes_away_ends_its_transactions(string how)
    {
        await using var server = await TestServer.StartAsync(options => options.Streams = 1);
        await server.CreateAsync("db", "create table t(a)");
        using (var socket = await HelloAsync(server, "/db/db"))
        {
            await AskAsync(socket, 1, """{"type":"open_stream","stream_id":1}""");
            await AskAsync(socket, 2, On(1, Execute("begin")));
            await AskAsync(socket, 3, On(1, Execute("insert into t values (1)")));
            Assert.Equal(429, (await new HranaClient(server, "db").PostAsync()).Status);
            if (how == "close")
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            }
        }

        // Its place is free again soon.
        var reply = await new HranaClient(server, "db").PostAsync(Execute("select count(*) from t"));
        for (int i = 0; i < 100 && reply.Status == 429; i++)
        {
            await Task.Delay(50);
            reply = await new HranaClient(server, "db").PostAsync(Execute("select count(*) from t"));
        }

        Assert.Equal("0", Rows(Ok(reply.Json.GetProperty("results")[0])));
    }

    [Theory]
    [InlineData("not json", WebSocketCloseStatus.ProtocolError)]
    [InlineData("[]", WebSocketCloseStatus.ProtocolError)]
    [InlineData("""{"type":"goodbye"}""", WebSocketCloseStatus.ProtocolError)]
    [InlineData("""{"type":"request","request_id":1,"request":{"type":"fly"}}""", WebSocketCloseStatus.ProtocolError)]
    [InlineData("""{"type":"request","request":{"type":"open_stream","stream_id":1}}""", WebSocketCloseStatus.ProtocolError)]
    [InlineData("large", WebSocketCloseStatus.MessageTooBig)]
    public async Task What_is_not_the_protocol_closes_the_connection(string message, WebSocketCloseStatus status)
    {
        await using var server = await TestServer.StartAsync(options => options.RequestBytes = 2048);
        await server.CreateAsync("db");
        using var socket = await HelloAsync(server, "/db/db");
        await SendAsync(socket, message == "large" ? $$"""{"type":"hello","jwt":"{{new string('x', 4000)}}"}""" : message);
        Assert.Equal(WebSocketMessageType.Close, (await socket.ReceiveAsync(new byte[1024], CancellationToken.None)).MessageType);
        Assert.Equal(status, socket.CloseStatus);
        Assert.NotEmpty(socket.CloseStatusDescription!);
    }

    [Fact]
    public async Task A_request_before_hello_and_a_frame_of_bytes_close_the_connection()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        using var early = await ConnectAsync(server, "/db/db", "hrana3");
        await SendAsync(early, """{"type":"request","request_id":1,"request":{"type":"open_stream","stream_id":1}}""");
        await early.ReceiveAsync(new byte[1024], CancellationToken.None);
        Assert.Equal(WebSocketCloseStatus.ProtocolError, early.CloseStatus);

        using var binary = await HelloAsync(server, "/db/db");
        await binary.SendAsync(new byte[3], WebSocketMessageType.Binary, true, CancellationToken.None);
        await binary.ReceiveAsync(new byte[1024], CancellationToken.None);
        Assert.Equal(WebSocketCloseStatus.ProtocolError, binary.CloseStatus);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("""{"type":"he""")]
    public async Task Who_never_says_hello_is_turned_away(string? begun)
    {
        await using var server = await TestServer.StartAsync(options => options.RequestTime = TimeSpan.FromMilliseconds(300));
        using var socket = await ConnectAsync(server, "/db/db", "hrana3");
        if (begun is not null)
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(begun), WebSocketMessageType.Text, endOfMessage: false, CancellationToken.None);
        }

        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Assert.Equal(WebSocketMessageType.Close, (await socket.ReceiveAsync(new byte[1024], time.Token)).MessageType);
        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "No hello came within 0.3 s."), (socket.CloseStatus, socket.CloseStatusDescription));
    }

    [Fact]
    public async Task Who_was_welcomed_may_be_silent_for_longer()
    {
        await using var server = await TestServer.StartAsync(options => options.RequestTime = TimeSpan.FromMilliseconds(300));
        await server.CreateAsync("db");
        using var socket = await HelloAsync(server, "/db/db");
        await Task.Delay(600);
        await AskAsync(socket, 1, """{"type":"open_stream","stream_id":1}""");
        Assert.Equal("1", Rows(await AskAsync(socket, 2, On(1, Execute("select 1")))));
    }

    [Fact]
    public async Task A_subprotocol_that_is_not_spoken_and_an_address_without_a_database_are_refused()
    {
        await using var server = await TestServer.StartAsync();
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(server, "/db/db", "hrana1"));
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(server, "/", "hrana3"));
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(server, "/db/.bad", "hrana3"));
    }

    [Fact]
    public async Task The_bare_root_is_the_database_that_the_host_names()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("tenant");
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("hrana3");
        socket.Options.SetRequestHeader("Host", "tenant.localhost");
        await socket.ConnectAsync(Address(server, "/"), CancellationToken.None);
        await SendAsync(socket, """{"type":"hello"}""");
        await ReceiveAsync(socket);
        await AskAsync(socket, 1, """{"type":"open_stream","stream_id":1}""");
        Assert.Equal("1", Rows(await AskAsync(socket, 2, On(1, Execute("select 1")))));
    }

    private static string On(int stream, string request) => $$"""{"stream_id":{{stream}},{{request[1..]}}""";

    private static Uri Address(TestServer server, string path) => new UriBuilder(new Uri(server.Client.BaseAddress!, path)) { Scheme = "ws" }.Uri;

    private static async Task<ClientWebSocket> ConnectAsync(TestServer server, string path, string? subprotocols)
    {
        var socket = new ClientWebSocket();
        foreach (string one in subprotocols?.Split(',') ?? [])
        {
            socket.Options.AddSubProtocol(one);
        }

        await socket.ConnectAsync(Address(server, path), CancellationToken.None);
        return socket;
    }

    private static async Task<ClientWebSocket> HelloAsync(TestServer server, string path)
    {
        var socket = await ConnectAsync(server, path, "hrana3");
        await SendAsync(socket, """{"type":"hello","jwt":"any"}""");
        Assert.Equal("hello_ok", (await ReceiveAsync(socket)).GetProperty("type").GetString());
        return socket;
    }

    private static Task SendAsync(ClientWebSocket socket, string message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, true, CancellationToken.None);

    private static async Task<JsonElement> ReceiveAsync(ClientWebSocket socket)
    {
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var bytes = new byte[1 << 16];
        int count = 0;
        ValueWebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(bytes.AsMemory(count), time.Token);
            Assert.Equal(WebSocketMessageType.Text, part.MessageType);
            count += part.Count;
        }
        while (!part.EndOfMessage);

        return JsonDocument.Parse(bytes.AsMemory(0, count)).RootElement;
    }

    private static async Task<JsonElement> AskAsync(ClientWebSocket socket, int id, string request)
    {
        await SendAsync(socket, $$"""{"type":"request","request_id":{{id}},"request":{{request}} }""");
        var answer = await ReceiveAsync(socket);
        Assert.True(answer.GetProperty("type").GetString() == "response_ok", answer.GetRawText());
        Assert.Equal(id, answer.GetProperty("request_id").GetInt32());
        var response = answer.GetProperty("response");
        return response.TryGetProperty("result", out var result) ? result : response;
    }

    private static async Task<string> AskForErrorAsync(ClientWebSocket socket, int id, string request)
    {
        await SendAsync(socket, $$"""{"type":"request","request_id":{{id}},"request":{{request}} }""");
        var answer = await ReceiveAsync(socket);
        Assert.True(answer.GetProperty("type").GetString() == "response_error", answer.GetRawText());
        return answer.GetProperty("error").GetProperty("code").GetString()!;
    }
}
