using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Server;

/// <summary>How often a token may call; who has none is counted by the address.</summary>
internal sealed class TokenRateLimit(IOptions<OrleansSqliteServerOptions> options) : IRateLimiterPolicy<string>
{
    /// <summary>The policy's name.</summary>
    public const string Name = "OrleansSqlite";

    /// <inheritdoc/>
    public Func<OnRejectedContext, CancellationToken, ValueTask> OnRejected => static async (rejected, _) =>
    {
        var context = rejected.HttpContext;
        await context.RequestServices.GetRequiredService<ProblemWriter>().RefuseAsync(context, new(
            StatusCodes.Status429TooManyRequests, AccessCodes.RateLimited,
            "This token, or this address, sends more requests than the server allows. Nothing was done. Try again after a pause; send several statements with one request."));
    };

    /// <inheritdoc/>
    public RateLimitPartition<string> GetPartition(HttpContext httpContext)
    {
        var limits = options.Value;
        return RateLimitPartition.GetTokenBucketLimiter(Caller(httpContext), _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = limits.RequestBurst,
            TokensPerPeriod = limits.RequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        });
    }

    // A name and an address are never the same word.
    private static string Caller(HttpContext context) => context.User.Identity is { IsAuthenticated: true, Name: { } name }
        ? "token " + name
        : string.Create(CultureInfo.InvariantCulture, $"address {context.Connection.RemoteIpAddress}");
}
