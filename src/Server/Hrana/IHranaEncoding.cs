using System.Buffers;
using System.Net.WebSockets;

namespace OrleansSqlite.Server.Hrana;

/// <summary>How messages are written down. All else knows only what they say.</summary>
internal interface IHranaEncoding
{
    /// <summary>How deep a message may be nested, conditions of batches above all: what is read by recursion must not use up the stack.</summary>
    const int MaxDepth = 64;

    /// <summary>The media type of one message over HTTP.</summary>
    string MediaType { get; }

    /// <summary>The media type of what a cursor gives, which is many messages.</summary>
    string CursorMediaType { get; }

    /// <summary>The frames of a WebSocket that messages come in.</summary>
    WebSocketMessageType Frames { get; }

    /// <exception cref="HranaException">It is no pipeline.</exception>
    Task<PipelineRequest> ReadPipelineAsync(Stream body, CancellationToken cancellation);

    /// <exception cref="HranaException">It is no cursor.</exception>
    Task<CursorRequest> ReadCursorAsync(Stream body, CancellationToken cancellation);

    /// <exception cref="HranaException">It is no message of a client.</exception>
    ClientMessage ReadMessage(ReadOnlyMemory<byte> message);

    void WritePipeline(IBufferWriter<byte> to, PipelineAnswer answer);

    /// <summary>What comes before the entries of a cursor.</summary>
    void WriteCursor(IBufferWriter<byte> to, string baton);

    void WriteEntry(IBufferWriter<byte> to, CursorEntry entry);

    void WriteMessage(IBufferWriter<byte> to, ServerMessage message);

    /// <summary>The error of a whole request over HTTP.</summary>
    void WriteError(IBufferWriter<byte> to, HranaError error);
}
