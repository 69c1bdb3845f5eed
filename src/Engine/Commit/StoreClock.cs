namespace OrleansSqlite.Commit;

/// <summary>
/// The store's clock, as far as its answers have told: the one clock that all writers of a database share. A machine that stood still
/// (a function of a cloud between two calls, a suspended virtual machine) has not counted that time, and a machine's own clock may show
/// anything: so there are two readings, each on the safe side of what it is for.
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

    /// <summary>
    /// In unix milliseconds, what the store's clock shows at least: to tell what is old enough to be forgotten. By this machine's clock as
    /// long as the store has not said the time.
    /// </summary>
    public long EarliestMs()
    {
        lock (gate)
        {
            return (Shown() ?? time.GetUtcNow()).ToUnixTimeMilliseconds();
        }
    }

    /// <summary>
    /// In unix milliseconds, the later of that and this machine's clock: to date what others are to keep. Late at worst, which keeps it
    /// for longer; an early date would have it forgotten at once.
    /// </summary>
    public long LatestMs()
    {
        lock (gate)
        {
            var own = time.GetUtcNow();
            return (Shown() is { } shown && shown > own ? shown : own).ToUnixTimeMilliseconds();
        }
    }

    private DateTimeOffset? Shown() => seen + time.GetElapsedTime(seenAt);
}
