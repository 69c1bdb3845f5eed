using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace OrleansSqlite.Server;

/// <summary>
/// Keys that an issuer publishes under a URL. They are read again every few minutes, and early when a token names one that is not among them:
/// so an issuer can change its keys. While the URL does not answer, the last ones hold.
/// </summary>
internal sealed class PublishedKeys(Uri url, HttpClient http, TimeProvider time, ILogger logger) : IDisposable
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(10);

    /// <summary>Whoever sends tokens with invented key ids must not make the server ask at will.</summary>
    private static readonly TimeSpan MinAge = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim turn = new(1);
    private volatile State? state;

    /// <summary>The keys, read again if they are old or if the one that is wanted is missing.</summary>
    public async Task<IReadOnlyList<SecurityKey>> ReadAsync(string? wanted)
    {
        if (state is not { } known || !IsEnough(known, wanted))
        {
            await turn.WaitAsync();
            try
            {
                if (state is not { } now || !IsEnough(now, wanted))
                {
                    state = new(await FetchAsync() ?? state?.Keys ?? [], time.GetTimestamp());
                }
            }
            finally
            {
                turn.Release();
            }
        }

        return state!.Keys;
    }

    public void Dispose() => turn.Dispose();

    private bool IsEnough(State known, string? wanted)
    {
        var age = time.GetElapsedTime(known.At);
        return age < MinAge || (age < MaxAge && (wanted is null || known.Keys.Any(key => key.KeyId == wanted)));
    }

    /// <summary>Not cancelled with the request that happens to need it: others wait for the same.</summary>
    private async Task<IReadOnlyList<SecurityKey>?> FetchAsync()
    {
        try
        {
            return KeyFile.FromJwks(await http.GetStringAsync(url));
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or ArgumentException or FormatException or IOException)
        {
            ServerLog.KeysUnavailable(logger, url, error.Message);
            return null;
        }
    }

    private sealed record State(IReadOnlyList<SecurityKey> Keys, long At);
}
