using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace OrleansSqlite.Server;

/// <summary>ASP.NET Core's scheme for the tokens of this server: reads the header, and answers who has none or too little with problem details.</summary>
internal sealed class BearerHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, TokenCheck tokens, ProblemWriter problems)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>The scheme's name.</summary>
    public const string Name = "OrleansSqlite";

    private const string Prefix = "Bearer ";

    /// <summary>Why the token was not taken, if one was sent.</summary>
    private string? refusal;

    /// <inheritdoc/>
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization;
        if (!tokens.IsOn || header.Count == 0)
        {
            return AuthenticateResult.NoResult();
        }

        if (header.Count > 1 || !header[0]!.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            refusal = "Send one token, as the header Authorization: Bearer …";
            return AuthenticateResult.Fail(refusal);
        }

        var (principal, why) = await tokens.FindAsync(header[0]![Prefix.Length..].Trim());
        refusal = why;
        return principal is null ? AuthenticateResult.Fail(why!) : AuthenticateResult.Success(new(principal, Name));
    }

    /// <inheritdoc/>
    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        await HandleAuthenticateOnceSafeAsync();
        await problems.RefuseAsync(Context, DatabaseAccess.Unauthenticated(refusal), (HeaderNames.WWWAuthenticate, refusal is null ? "Bearer" : "Bearer error=\"invalid_token\""));
    }

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var right = Context.GetEndpoint()?.Metadata.GetMetadata<RightRequirement>()?.Right ?? DatabaseRight.Read;
        return problems.RefuseAsync(
            Context, DatabaseAccess.Forbidden(Request.RouteValues["database"] as string, right), (HeaderNames.WWWAuthenticate, "Bearer error=\"insufficient_scope\""));
    }
}
