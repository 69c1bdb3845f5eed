namespace OrleansSqlite.Server.Hrana;

/// <summary>What a client sends over a WebSocket.</summary>
internal abstract record ClientMessage
{
    public sealed record Hello(string? Token) : ClientMessage;

    public sealed record Request(int Id, SocketRequest Asked) : ClientMessage;
}

/// <summary>What a client asks over a WebSocket, of the connection or of one of its streams.</summary>
internal abstract record SocketRequest
{
    public sealed record OpenStream(int StreamId) : SocketRequest;

    public sealed record CloseStream(int StreamId) : SocketRequest;

    public sealed record OpenCursor(int StreamId, int CursorId, IReadOnlyList<BatchStep> Steps) : SocketRequest;

    public sealed record FetchCursor(int CursorId, int MaxCount) : SocketRequest;

    public sealed record CloseCursor(int CursorId) : SocketRequest;

    public sealed record StoreSql(int SqlId, string Sql) : SocketRequest;

    public sealed record CloseSql(int SqlId) : SocketRequest;

    public sealed record OfStream(int StreamId, HranaRequest Request) : SocketRequest;
}

/// <summary>What a client is told over a WebSocket.</summary>
internal abstract record ServerMessage
{
    public sealed record HelloOk : ServerMessage;

    public sealed record HelloError(HranaError Error) : ServerMessage;

    public sealed record ResponseOk(int RequestId, HranaResponse Response) : ServerMessage;

    public sealed record ResponseError(int RequestId, HranaError Error) : ServerMessage;
}
