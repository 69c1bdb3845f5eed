using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Client;

/// <summary>Which way calls go: over the cluster, or straight to the store while the cluster is away.</summary>
internal sealed partial class Route(DirectStore direct, IOptions<OrleansSqliteClientOptions> options, TimeProvider time, ILogger<Route> logger)
{
    /// <summary>Losses in a row that show that somebody commits all the time: a grain that only this process cannot reach, for one.</summary>
    private const int CollidingLosses = 4;

    private long awaySince;

    /// <summary>Whether this process may go to the store by itself.</summary>
    public bool HasDirect => direct.IsGiven;

    /// <summary>The store as its URL, without credentials, once this process has used it.</summary>
    public string? StoreUrl => direct.Url;

    /// <summary>The engine over the store, if a call for a database should go straight to it at the moment.</summary>
    public async Task<DatabaseEngine?> DirectAsync(string database, CancellationToken cancellation)
    {
        long since = Volatile.Read(ref awaySince);
        if (!direct.IsGiven || since == 0 || time.GetElapsedTime(since) > options.Value.Recheck)
        {
            return null;
        }

        var engine = await direct.EngineAsync(cancellation).ConfigureAwait(false);
        return engine.Open(database).LossesInARow < CollidingLosses ? engine : null;
    }

    /// <summary>The cluster has answered.</summary>
    public void Answered()
    {
        if (Interlocked.Exchange(ref awaySince, 0) != 0)
        {
            LogBack(logger);
        }
    }

    /// <summary>The cluster has not answered.</summary>
    public void Failed(Exception error)
    {
        if (Interlocked.Exchange(ref awaySince, time.GetTimestamp()) == 0)
        {
            LogAway(logger, HasDirect ? "this process goes to the store by itself" : "calls are tried again", error);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The cluster does not answer: {Consequence}")]
    private static partial void LogAway(ILogger logger, string consequence, Exception error);

    [LoggerMessage(2, LogLevel.Information, "The cluster answers again")]
    private static partial void LogBack(ILogger logger);
}
