using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server;

/// <summary>
/// The one place that says who may do what with a database, whatever protocol asks. HTTP has found out who asks by the header; a protocol whose tokens
/// come otherwise, within a connection, hands them over as text.
/// </summary>
internal sealed class DatabaseAccess(TokenCheck tokens)
{
    private static readonly ClaimsPrincipal Nobody = new(new ClaimsIdentity());

    /// <summary>Whether there is a login. If not, everyone may do everything.</summary>
    public bool IsOn => tokens.IsOn;

    /// <summary>Who sends this token.</summary>
    /// <param name="token">The token alone, without <c>Bearer</c> before it; null if none was sent.</param>
    /// <exception cref="RequestException">401: it is missing or not taken.</exception>
    public async Task<ClaimsPrincipal> AuthenticateAsync(string? token)
    {
        if (!IsOn)
        {
            return Nobody;
        }

        var (principal, refusal) = string.IsNullOrEmpty(token) ? (null, null) : await tokens.FindAsync(token);
        return principal ?? throw Unauthenticated(refusal);
    }

    /// <summary>Whether somebody has this right on a database.</summary>
    public bool Allows(ClaimsPrincipal principal, string database, DatabaseRight right) =>
        !IsOn || (principal.Identities.Any(identity => identity.AuthenticationType == TokenCheck.Kind) && Scope.Of(principal).Allows(database, right));

    /// <summary>Sees to it that somebody has this right on a database.</summary>
    /// <exception cref="RequestException">403: the token does not grant it. Whether there is such a database is not told.</exception>
    public void Demand(ClaimsPrincipal principal, string database, DatabaseRight right)
    {
        if (!Allows(principal, database, right))
        {
            throw Forbidden(database, right);
        }
    }

    /// <summary>401.</summary>
    public static RequestException Unauthenticated(string? refusal) => new(
        StatusCodes.Status401Unauthorized, AccessCodes.Unauthenticated,
        refusal ?? "This server asks for a token. Send it as the header Authorization: Bearer …");

    /// <summary>403.</summary>
    public static RequestException Forbidden(string? database, DatabaseRight right)
    {
        var word = right.ToString().ToLowerInvariant();
        return new(
            StatusCodes.Status403Forbidden, AccessCodes.Forbidden,
            database is null ? "The token does not grant this." : $"The token does not grant {word} on '{database}'. Ask for one whose scope has {word}:{database}.");
    }
}

/// <summary>Error codes of access, beside <see cref="ErrorCodes"/>.</summary>
internal static class AccessCodes
{
    /// <summary>No token, or one that is not taken.</summary>
    public const string Unauthenticated = "unauthenticated";

    /// <summary>The token does not grant what was asked for.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>More requests than a token may send.</summary>
    public const string RateLimited = "rate-limited";
}
