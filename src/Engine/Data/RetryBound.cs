using OrleansSqlite.Commit;

namespace OrleansSqlite.Data;

/// <summary>How long and how often something may be tried again after lost races: the same bounds as for a write of the engine.</summary>
internal sealed class RetryBound(DatabaseContext context)
{
    private readonly long began = context.Time.GetTimestamp();
    private int tries;

    /// <summary>Counts a loss. False if it was one too many.</summary>
    public bool MayTryAgain() => ++tries <= context.Options.RetryCount && context.Time.GetElapsedTime(began) <= context.Options.RetryTime;
}
