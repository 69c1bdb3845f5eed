using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace OrleansSqlite.Tests;

/// <summary>What a client does with a WebSocket. It writes and reads JSON here, and what goes over the wire is in the encoding of the subprotocol.</summary>
internal static class HranaSocketClient
{
    public static string On(int stream, string request) => $$"""{"stream_id":{{stream}},{{request[1..]}}""";

    public static Uri Address(TestServer server, string path) => new UriBuilder(new Uri(server.Client.BaseAddress!, path)) { Scheme = "ws" }.Uri;

    public static async Task<ClientWebSocket> ConnectAsync(TestServer server, string path, string? subprotocols)
    {
        var socket = new ClientWebSocket();
        foreach (string one in subprotocols?.Split(',') ?? [])
        {
            socket.Options.AddSubProtocol(one);
        }

        await socket.ConnectAsync(Address(server, path), CancellationToken.None);
        return socket;
    }

    public static async Task<ClientWebSocket> HelloAsync(TestServer server, string path, string subprotocol)
    {
        var socket = await ConnectAsync(server, path, subprotocol);
        await SendAsync(socket, """{"type":"hello","jwt":"any"}""");
        Assert.Equal("hello_ok", (await ReceiveAsync(socket)).GetProperty("type").GetString());
        return socket;
    }

    public static Task SendAsync(ClientWebSocket socket, string message)
    {
        if (!IsProtobuf(socket))
        {
            return socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, true, CancellationToken.None);
        }

        using var json = JsonDocument.Parse(message);
        return socket.SendAsync(ProtobufRequests.Message(json.RootElement).ToArray(), WebSocketMessageType.Binary, true, CancellationToken.None);
    }

    public static async Task<JsonElement> ReceiveAsync(ClientWebSocket socket)
    {
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var bytes = new byte[1 << 16];
        int count = 0;
        ValueWebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(bytes.AsMemory(count), time.Token);
            Assert.Equal(IsProtobuf(socket) ? WebSocketMessageType.Binary : WebSocketMessageType.Text, part.MessageType);
            count += part.Count;
        }
        while (!part.EndOfMessage);

        return JsonDocument.Parse(IsProtobuf(socket) ? Encoding.UTF8.GetBytes(ProtobufAnswers.Message(bytes.AsMemory(0, count)).ToJsonString()) : bytes.AsMemory(0, count)).RootElement;
    }

    public static async Task<JsonElement> AskAsync(ClientWebSocket socket, int id, string request)
    {
        await SendAsync(socket, $$"""{"type":"request","request_id":{{id}},"request":{{request}} }""");
        var answer = await ReceiveAsync(socket);
        Assert.True(answer.GetProperty("type").GetString() == "response_ok", answer.GetRawText());
        Assert.Equal(id, answer.GetProperty("request_id").GetInt32());
        var response = answer.GetProperty("response");
        return response.TryGetProperty("result", out var result) ? result : response;
    }

    public static async Task<string> AskForErrorAsync(ClientWebSocket socket, int id, string request)
    {
        await SendAsync(socket, $$"""{"type":"request","request_id":{{id}},"request":{{request}} }""");
        var answer = await ReceiveAsync(socket);
        Assert.True(answer.GetProperty("type").GetString() == "response_error", answer.GetRawText());
        return answer.GetProperty("error").GetProperty("code").GetString()!;
    }

    private static bool IsProtobuf(ClientWebSocket socket) => socket.SubProtocol == "hrana3-protobuf";
}
