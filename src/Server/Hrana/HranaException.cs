using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server.Hrana;

/// <summary>A request that can't be carried out as it stands.</summary>
/// <param name="code">The code, in the protocol's way of writing.</param>
/// <param name="message">What to do about it.</param>
/// <param name="status">The status, if it is answered over HTTP by itself.</param>
internal sealed class HranaException(string code, string message, int status = StatusCodes.Status400BadRequest) : Exception(message)
{
    public string Code { get; } = code;

    public int Status { get; } = status;

    /// <summary>A message that is not as the protocol has it.</summary>
    public static HranaException Malformed(string message) => new("HRANA_PROTO_ERROR", message);
}
