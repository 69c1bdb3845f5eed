using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;

namespace OrleansSqlite.Server.Hrana;

/// <summary>The encoding in JSON, which every version of the protocol has.</summary>
internal sealed class HranaJson : IHranaEncoding
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = IHranaEncoding.MaxDepth };

    public string MediaType => "application/json";

    public string CursorMediaType => "application/x-ndjson";

    public WebSocketMessageType Frames => WebSocketMessageType.Text;

    public Task<PipelineRequest> ReadPipelineAsync(Stream body, CancellationToken cancellation) =>
        ReadAsync(body, HranaJsonReader.Pipeline, cancellation);

    public Task<CursorRequest> ReadCursorAsync(Stream body, CancellationToken cancellation) =>
        ReadAsync(body, HranaJsonReader.Cursor, cancellation);

    public ClientMessage ReadMessage(ReadOnlyMemory<byte> message)
    {
        try
        {
            using var json = JsonDocument.Parse(message, Options);
            return HranaJsonReader.Message(json.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw Malformed(error);
        }
    }

    public void WritePipeline(IBufferWriter<byte> to, PipelineAnswer answer) => Write(to, answer, HranaJsonWriter.Pipeline);

    public void WriteCursor(IBufferWriter<byte> to, string baton) => WriteLine(to, baton, HranaJsonWriter.Cursor);

    public void WriteEntry(IBufferWriter<byte> to, CursorEntry entry) => WriteLine(to, entry, HranaJsonWriter.Entry);

    public void WriteMessage(IBufferWriter<byte> to, ServerMessage message) => Write(to, message, HranaJsonWriter.Message);

    public void WriteError(IBufferWriter<byte> to, HranaError error) => Write(to, error, HranaJsonWriter.Error);

    private static async Task<T> ReadAsync<T>(Stream body, Func<JsonElement, T> read, CancellationToken cancellation)
    {
        try
        {
            using var json = await JsonDocument.ParseAsync(body, Options, cancellation);
            return read(json.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw Malformed(error);
        }
    }

    /// <summary>What is not Unicode is noticed only where its text is asked for, as an <see cref="InvalidOperationException"/>.</summary>
    private static HranaException Malformed(Exception error) => HranaException.Malformed(
        error is JsonException syntax ? MalformedException.Describe(syntax) : "A text is not in UTF-8, or has half of a surrogate pair.");

    private static void Write<T>(IBufferWriter<byte> to, T message, Action<Utf8JsonWriter, T> write)
    {
        using var json = new Utf8JsonWriter(to);
        write(json, message);
    }

    private static void WriteLine<T>(IBufferWriter<byte> to, T message, Action<Utf8JsonWriter, T> write)
    {
        Write(to, message, write);
        to.Write("\n"u8);
    }
}
