using System.Buffers;
using System.Net.WebSockets;
using Google.Protobuf;

namespace OrleansSqlite.Server.Hrana.Protobuf;

/// <summary>The encoding in protobuf, which the protocol has since version 3.</summary>
internal sealed class HranaProtobuf : IHranaEncoding
{
    public string MediaType => "application/x-protobuf";

    // Lengths stand between its messages, so as a whole it is none.
    public string CursorMediaType => "application/octet-stream";

    public WebSocketMessageType Frames => WebSocketMessageType.Binary;

    public async Task<PipelineRequest> ReadPipelineAsync(Stream body, CancellationToken cancellation) =>
        ProtobufReader.Pipeline(Parse(PipelineReqBody.Parser, await BytesAsync(body, cancellation)));

    public async Task<CursorRequest> ReadCursorAsync(Stream body, CancellationToken cancellation) =>
        ProtobufReader.Cursor(Parse(CursorReqBody.Parser, await BytesAsync(body, cancellation)));

    public ClientMessage ReadMessage(ReadOnlyMemory<byte> message) => ProtobufReader.Message(Parse(ClientMsg.Parser, message));

    public void WritePipeline(IBufferWriter<byte> to, PipelineAnswer answer) => Write(to, ProtobufWriter.Pipeline(answer));

    public void WriteCursor(IBufferWriter<byte> to, string baton) => WriteWithLength(to, new CursorRespBody { Baton = baton });

    public void WriteEntry(IBufferWriter<byte> to, Hrana.CursorEntry entry) => WriteWithLength(to, ProtobufWriter.Entry(entry));

    public void WriteMessage(IBufferWriter<byte> to, ServerMessage message) => Write(to, ProtobufWriter.Message(message));

    public void WriteError(IBufferWriter<byte> to, HranaError error) => Write(to, ProtobufWriter.Error(error));

    private static async Task<ReadOnlyMemory<byte>> BytesAsync(Stream body, CancellationToken cancellation)
    {
        var bytes = new MemoryStream();
        await body.CopyToAsync(bytes, cancellation);
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    private static T Parse<T>(MessageParser<T> parser, ReadOnlyMemory<byte> bytes)
        where T : IMessage<T>, new()
    {
        var message = new T();
        WireCheck.Check(message.Descriptor, bytes.Span);
        try
        {
            return parser.WithDiscardUnknownFields(true).ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw HranaException.Malformed($"The message is no protobuf: {error.Message}");
        }
    }

    private static void Write(IBufferWriter<byte> to, IMessage message)
    {
        // The library advances by nothing before it asks for room, which a response takes for an error unless it was asked before.
        to.GetSpan();
        message.WriteTo(to);
    }

    private static void WriteWithLength(IBufferWriter<byte> to, IMessage message)
    {
        uint length = (uint)message.CalculateSize();
        for (; length > 0x7F; length >>= 7)
        {
            to.Write([(byte)(length | 0x80)]);
        }

        to.Write([(byte)length]);
        Write(to, message);
    }
}
