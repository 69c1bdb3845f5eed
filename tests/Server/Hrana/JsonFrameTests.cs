using System.Net.WebSockets;
using static OrleansSqlite.Tests.HranaClient;
using static OrleansSqlite.Tests.HranaSocketClient;

namespace OrleansSqlite.Tests;

/// <summary>What comes in JSON and is not the protocol.</summary>
public sealed class JsonFrameTests
{
    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"requests":{}}""")]
    [InlineData("""{"requests":[1]}""")]
    [InlineData("""{"requests":[{"type":"fly"}]}""")]
    [InlineData("""{"requests":[{"type":"execute"}]}""")]
    [InlineData("""{"requests":[{"type":"execute","stmt":{"sql":1}}]}""")]
    [InlineData("""{"requests":[{"type":"execute","stmt":{"sql":"select ?","args":[{"type":"integer","value":"9223372036854775808"}]}}]}""")]
    [InlineData("""{"requests":[{"type":"execute","stmt":{"sql":"select ?","args":[{"type":"integer","value":1}]}}]}""")]
    [InlineData("""{"requests":[{"type":"execute","stmt":{"sql":"select ?","args":[{"type":"blob","base64":"*"}]}}]}""")]
    [InlineData("""{"baton":7,"requests":[]}""")]
    [InlineData("{\"baton\":\"\\ud800\",\"requests\":[]}")]
    [InlineData("{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"select '\\udc00'\"}}]}")]
    [InlineData("""{"requests":[{"type":"batch","batch":{"steps":[{"condition":{"type":"maybe"},"stmt":{"sql":"select 1"}}]}}]}""")]
    public async Task What_is_not_the_protocol_is_refused_as_a_whole(string body)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var reply = await server.SendAsync(HttpMethod.Post, "/db/db/v3/pipeline", body);
        Assert.Equal(400, reply.Status);
        Assert.Equal("HRANA_PROTO_ERROR", reply.Json.GetProperty("code").GetString());
        Assert.NotEmpty(reply.Json.GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task Text_that_is_not_in_UTF_8_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        using var body = new ByteArrayContent([.. """{"requests":[{"type":"execute","stmt":{"sql":"select '"""u8, 0xFF, .. "'\"}}]}"u8]);
        var reply = await server.SendBodyAsync(HttpMethod.Post, "/db/db/v3/pipeline", body);
        Assert.Equal((400, "HRANA_PROTO_ERROR"), (reply.Status, reply.Json.GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData("not json", WebSocketCloseStatus.ProtocolError)]
    [InlineData("[]", WebSocketCloseStatus.ProtocolError)]
    [InlineData("""{"type":"goodbye"}""", WebSocketCloseStatus.ProtocolError)]
    [InlineData("""{"type":"request","request_id":1,"request":{"type":"fly"}}""", WebSocketCloseStatus.ProtocolError)]
    [InlineData("""{"type":"request","request":{"type":"open_stream","stream_id":1}}""", WebSocketCloseStatus.ProtocolError)]
    [InlineData("{\"type\":\"hello\",\"jwt\":\"\\ud800\"}", WebSocketCloseStatus.ProtocolError)]
    [InlineData("long", WebSocketCloseStatus.ProtocolError)]
    [InlineData("large", WebSocketCloseStatus.MessageTooBig)]
    public async Task What_is_not_the_protocol_closes_the_connection(string message, WebSocketCloseStatus status)
    {
        await using var server = await TestServer.StartAsync(options => options.RequestBytes = 2048);
        await server.CreateAsync("db");
        using var socket = await HelloAsync(server, "/db/db", "hrana3");
        await SendAsync(socket, message == "long" ? $$"""{"type":"{{string.Concat(Enumerable.Repeat("ß😀", 60))}}"}""" : message == "large" ? $$"""{"type":"hello","jwt":"{{new string('x', 4000)}}"}""" : message);
        Assert.Equal(WebSocketMessageType.Close, (await socket.ReceiveAsync(new byte[1024], CancellationToken.None)).MessageType);
        Assert.Equal(status, socket.CloseStatus);
        Assert.NotEmpty(socket.CloseStatusDescription!);
    }
}
