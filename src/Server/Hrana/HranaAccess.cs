using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server.Hrana;

/// <summary>
/// What clients of the protocol may do. Every stream serves reads and writes alike, so who may only read gets one that refuses to write.
/// </summary>
internal sealed class HranaAccess(DatabaseAccess access)
{
    /// <summary>Whether a client may write, and not only read. It is asked for each pipeline and cursor over HTTP, and for each hello over a WebSocket.</summary>
    /// <param name="context">The request, or the one that the WebSocket began as: its token does for a hello without one.</param>
    /// <param name="database">The database.</param>
    /// <param name="token">The token that was sent, without <c>Bearer</c> before it; null if none was.</param>
    /// <exception cref="RequestException">401, or 403 if it may not even read.</exception>
    public async Task<bool> MayWriteAsync(HttpContext context, string database, string? token) =>
        MayWrite(string.IsNullOrEmpty(token) || !access.IsOn ? context.User : await access.AuthenticateAsync(token), database);

    private bool MayWrite(ClaimsPrincipal principal, string database)
    {
        if (!access.IsOn)
        {
            return true;
        }

        if (principal.Identity is not { IsAuthenticated: true })
        {
            throw DatabaseAccess.Unauthenticated(null);
        }

        access.Demand(principal, database, DatabaseRight.Read);
        return access.Allows(principal, database, DatabaseRight.Write);
    }
}
