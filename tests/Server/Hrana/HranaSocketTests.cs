using System.Net.WebSockets;
using System.Text.Json;
using OrleansSqlite.Server;
using static OrleansSqlite.Tests.HranaClient;
using static OrleansSqlite.Tests.HranaSocketClient;

namespace OrleansSqlite.Tests;

public abstract class HranaSocketTests(string subprotocol)
{
    private WebSocketMessageType Frames => subprotocol == "hrana3" ? WebSocketMessageType.Text : WebSocketMessageType.Binary;

    [Fact]
    public async Task A_cursor_is_fetched_in_pieces()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        using var socket = await HelloAsync(server, "/db/db", subprotocol);
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
        using (var socket = await HelloAsync(server, "/db/db", subprotocol))
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

    [Fact]
    public async Task A_request_before_hello_and_a_frame_of_the_other_type_close_the_connection()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        using var early = await ConnectAsync(server, "/db/db", subprotocol);
        await SendAsync(early, """{"type":"request","request_id":1,"request":{"type":"open_stream","stream_id":1}}""");
        await early.ReceiveAsync(new byte[1024], CancellationToken.None);
        Assert.Equal(WebSocketCloseStatus.ProtocolError, early.CloseStatus);

        using var other = await HelloAsync(server, "/db/db", subprotocol);
        await other.SendAsync(new byte[3], Frames == WebSocketMessageType.Text ? WebSocketMessageType.Binary : WebSocketMessageType.Text, true, CancellationToken.None);
        await other.ReceiveAsync(new byte[1024], CancellationToken.None);
        Assert.Equal(WebSocketCloseStatus.ProtocolError, other.CloseStatus);
        Assert.Contains("frames", other.CloseStatusDescription, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_never_says_hello_is_turned_away(bool begins)
    {
        await using var server = await TestServer.StartAsync(options => options.RequestTime = TimeSpan.FromMilliseconds(300));
        using var socket = await ConnectAsync(server, "/db/db", subprotocol);
        if (begins)
        {
            await socket.SendAsync("{"u8.ToArray(), Frames, endOfMessage: false, CancellationToken.None);
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
        using var socket = await HelloAsync(server, "/db/db", subprotocol);
        await Task.Delay(600);
        await AskAsync(socket, 1, """{"type":"open_stream","stream_id":1}""");
        Assert.Equal("1", Rows(await AskAsync(socket, 2, On(1, Execute("select 1")))));
    }

    [Fact]
    public async Task The_bare_root_is_the_database_that_the_host_names()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("tenant");
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(subprotocol);
        socket.Options.SetRequestHeader("Host", "tenant.localhost");
        await socket.ConnectAsync(Address(server, "/"), CancellationToken.None);
        await SendAsync(socket, """{"type":"hello"}""");
        await ReceiveAsync(socket);
        await AskAsync(socket, 1, """{"type":"open_stream","stream_id":1}""");
        Assert.Equal("1", Rows(await AskAsync(socket, 2, On(1, Execute("select 1")))));
    }

    [Theory]
    [InlineData(60_000, WebSocketCloseStatus.PolicyViolation)]
    [InlineData(70_000, WebSocketCloseStatus.MessageTooBig)]
    public async Task A_stranger_may_send_as_much_as_a_token_takes(int length, WebSocketCloseStatus status)
    {
        await using var server = await TestServer.StartAsync(options => options.Access.Tokens.Add(new() { Name = "one", Hash = TokenHash.Of(TokenHash.NewToken()), Scope = "admin:*" }));
        using var socket = await ConnectAsync(server, "/db/db", subprotocol);
        await SendAsync(socket, $$"""{"type":"hello","jwt":"{{new string('x', length)}}"}""");
        while (socket.State == WebSocketState.Open)
        {
            await socket.ReceiveAsync(new byte[1 << 16], CancellationToken.None);
        }

        Assert.Equal(status, socket.CloseStatus);
    }

    [Fact]
    public async Task Who_was_let_in_may_send_as_much_as_a_request_may_have()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        using var socket = await HelloAsync(server, "/db/db", subprotocol);
        await AskAsync(socket, 1, """{"type":"open_stream","stream_id":1}""");
        Assert.Equal("100000", Rows(await AskAsync(socket, 2, On(1, Execute($"select length('{new string('x', 100_000)}') as n")))));
    }
}

public sealed class JsonHranaSocketTests() : HranaSocketTests("hrana3");

public sealed class ProtobufHranaSocketTests() : HranaSocketTests("hrana3-protobuf");
