namespace OrleansSqlite.Commit;

/// <summary>
/// The store's clock, as far as its answers have told: the one clock that all writers of a database share. What it shows is never ahead
/// of the store's, and behind by the age of an answer's date at most.
/// </summary>
internal sealed class StoreClock(TimeProvider time)
{
    private readonly Lock gate = new();
    private DateTimeOffset? seen;
    private long seenAt;

    /// <summary>Takes in what an answer said.</summary>
    /// <param name="now">The store's clock at the answer, if the store says so.</param>
    public void Note(DateTimeOffset? now)
    {
        lock (gate)
        {
            if (now > (Shown() ?? DateTimeOffset.MinValue))
            {
                (seen, seenAt) = (now, time.GetTimestamp());
            }
        }
    }

    /// <summary>The time in unix milliseconds: the store's; by this machine's clock as long as the store has not said it.</summary>
    public long NowMs()
    {
        lock (gate)
        {
            return (Shown() ?? time.GetUtcNow()).ToUnixTimeMilliseconds();
        }
    }

    private DateTimeOffset? Shown() => seen + time.GetElapsedTime(seenAt);
}
