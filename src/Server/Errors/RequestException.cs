namespace OrleansSqlite.Server;

/// <summary>A request that HTTP itself has a status for, before any database is asked.</summary>
internal sealed class RequestException(int status, string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public int Status { get; } = status;

    public string Code { get; } = code;
}
