using System.Security.Claims;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace OrleansSqlite.Server;

/// <summary>Finds out whose a token is and what it grants: one that is listed by its hash, or a signed one.</summary>
internal sealed class TokenCheck : IDisposable
{
    /// <summary>The kind of identity that tokens give.</summary>
    public const string Kind = "Bearer";

    private const int MaxTokenBytes = 16 << 10;
    private const int MaxKeysBytes = 1 << 20;
    private static readonly TimeSpan KeysTime = TimeSpan.FromSeconds(10);

    private readonly AccessOptions options;
    private readonly TimeProvider time;
    private readonly Dictionary<string, TokenOptions> listed;
    private readonly SecurityKey[] keys;
    private readonly PublishedKeys[] published;
    private readonly HttpClient http = new() { Timeout = KeysTime, MaxResponseContentBufferSize = MaxKeysBytes };
    private readonly JsonWebTokenHandler handler = new() { MaximumTokenSizeInBytes = MaxTokenBytes, MapInboundClaims = false };

    public TokenCheck(IOptions<OrleansSqliteServerOptions> server, TimeProvider time, ILogger<TokenCheck> logger)
    {
        options = server.Value.Access;
        this.time = time;

        // Looked up by the hash of what was sent: how long that takes says nothing about the tokens.
        listed = options.Tokens.ToDictionary(token => token.Hash, StringComparer.OrdinalIgnoreCase);
        keys = [.. options.Keys.Where(key => !KeyFile.IsRemote(key)).SelectMany(KeyFile.Read)];
        published = [.. options.Keys.Where(KeyFile.IsRemote).Select(key => new PublishedKeys(new Uri(key.Jwks!), http, time, logger))];
    }

    /// <summary>Whether there is a login at all.</summary>
    public bool IsOn => options.IsOn;

    /// <summary>Who sends this token; or why it is not taken, in words for its sender.</summary>
    public async Task<(ClaimsPrincipal? Principal, string? Refusal)> FindAsync(string token)
    {
        if (token.Length > MaxTokenBytes)
        {
            return (null, "The token is too long.");
        }

        if (listed.TryGetValue(TokenHash.Of(token), out var known))
        {
            return known.Expires <= time.GetUtcNow() ? (null, "The token has expired. Get a new one.") : (From(known.Name, known.Scope), null);
        }

        if (options.Keys.Count == 0 || !handler.CanReadToken(token))
        {
            return (null, "The token is not known here.");
        }

        return await FindSignedAsync(token);
    }

    public void Dispose()
    {
        http.Dispose();
        foreach (var some in published)
        {
            some.Dispose();
        }
    }

    private async Task<(ClaimsPrincipal?, string?)> FindSignedAsync(string token)
    {
        if (!TryReadKeyId(token, out var keyId))
        {
            return (null, "The token is not known here.");
        }

        List<SecurityKey> candidates = [.. keys];
        foreach (var some in published)
        {
            candidates.AddRange(await some.ReadAsync(keyId));
        }

        var result = await handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKeys = candidates,
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256, SecurityAlgorithms.RsaSha256, Ed25519Key.Algorithm],
            ValidateIssuer = options.Issuer is not null,
            ValidIssuer = options.Issuer,
            ValidateAudience = options.Audience is not null,
            ValidAudience = options.Audience,
            RequireExpirationTime = true,
            LifetimeValidator = IsInTime,
        });
        return result.IsValid
            ? (From(Text(result, JwtRegisteredClaimNames.Sub) ?? Text(result, JwtRegisteredClaimNames.Jti) ?? "signed", Scopes(result.ClaimsIdentity)), null)
            : (null, Why(result.Exception));
    }

    private bool IsInTime(DateTime? begin, DateTime? end, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return end is not null && now < end + options.ClockSkew && (begin is null || now > begin - options.ClockSkew);
    }

    private static bool TryReadKeyId(string token, out string? keyId)
    {
        keyId = null;
        try
        {
            keyId = new JsonWebToken(token).Kid is { Length: > 0 } id ? id : null;
            return true;
        }
        catch (Exception error) when (error is ArgumentException or SecurityTokenException)
        {
            return false;
        }
    }

    private static string Scopes(ClaimsIdentity identity) => string.Join(' ', identity.FindAll(Scope.Claim).Select(claim => claim.Value));

    private static string? Text(TokenValidationResult result, string claim) => result.ClaimsIdentity.FindFirst(claim)?.Value;

    private static ClaimsPrincipal From(string name, string scope) =>
        new(new ClaimsIdentity([new(ClaimTypes.Name, name), new(Scope.Claim, scope)], Kind));

    /// <summary>The library's own words have key ids and more in them.</summary>
    private static string Why(Exception? error) => error switch
    {
        SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException or SecurityTokenNoExpirationException =>
            "The token has expired, is not valid yet, or has no end (exp). Get a new one.",
        SecurityTokenInvalidIssuerException => "The token is of another issuer.",
        SecurityTokenInvalidAudienceException => "The token is for another audience.",
        SecurityTokenInvalidAlgorithmException => "The token is signed by an algorithm that is not taken. Take HS256, RS256 or EdDSA.",
        _ => "The token's signature is not of a key that is known here.",
    };
}
