using System.Net.Http.Headers;
using System.Text.Json;

namespace OrleansSqlite.Tests;

/// <summary>
/// Tests are written in JSON and read answers in it, whatever the protocol's encoding is: where the address asks for protobuf, requests and
/// answers are translated on the way.
/// </summary>
internal static class HranaPost
{
    public const string Protobuf = "v3-protobuf";

    /// <summary>Sends a pipeline or a cursor.</summary>
    public static async Task<Reply> PostHranaAsync(this TestServer server, string path, string json, params (string Name, string Value)[] headers)
    {
        if (!path.Contains(Protobuf, StringComparison.Ordinal))
        {
            return await server.SendAsync(HttpMethod.Post, path, json, headers);
        }

        bool isCursor = path.EndsWith("/cursor", StringComparison.Ordinal);
        using var body = JsonDocument.Parse(json, new() { MaxDepth = 1000 });
        var message = isCursor ? ProtobufRequests.Cursor(body.RootElement) : ProtobufRequests.Pipeline(body.RootElement);
        return await server.PostBytesAsync(path, message.ToArray(), headers);
    }

    /// <summary>Sends bytes, and gives the answer in JSON.</summary>
    public static async Task<Reply> PostBytesAsync(this TestServer server, string path, byte[] bytes, params (string Name, string Value)[] headers)
    {
        using var content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };
        var reply = await server.SendBodyAsync(HttpMethod.Post, path, content, headers);
        Assert.True(reply.MediaType is not null, $"{reply.Status} {path}: {reply.Text}");
        bool isCursor = reply.Status == 200 && path.EndsWith("/cursor", StringComparison.Ordinal);
        if (reply.MediaType != "application/problem+json")
        {
            Assert.Equal(isCursor ? "application/octet-stream" : "application/x-protobuf", reply.MediaType);
        }

        return reply with
        {
            Text = reply.MediaType == "application/problem+json" ? reply.Text
                : isCursor ? ProtobufAnswers.Cursor(reply.Bytes)
                : (reply.Status == 200 ? ProtobufAnswers.Pipeline(reply.Bytes) : ProtobufAnswers.Error(reply.Bytes)).ToJsonString(),
        };
    }
}
