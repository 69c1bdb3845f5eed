using OrleansSqlite.Commit;
using OrleansSqlite.Format;

namespace OrleansSqlite.Combining;

/// <summary>
/// Whether so many write to the database that it is better to leave a transaction in the inbox than to race for a swap. Who has not lost and sees
/// nobody commit fast is not in a crowd, and never looks at the inbox.
/// </summary>
internal sealed class Crowd(DatabaseContext context)
{
    private const int FastCommits = 5;
    private const int Remembered = 64;
    private const int EnoughLosses = 5;
    private const double RetryChance = 0.4;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private readonly long[] own = new long[Remembered];
    private int next;
    private long metAt;
    private long smallAt;

    /// <summary>What it is taken to be, whatever it is: for tests of what happens then.</summary>
    internal bool? Pretended { get; set; }

    /// <summary>Whether a write that has just come is to be left without a try.</summary>
    public bool IsDense(Head known) => Pretended ?? (!IsKnownToBeSmall && (HasJustMet || CommitsOfOthers(known) >= FastCommits));

    /// <summary>Whether a write that has lost is to be left.</summary>
    /// <remarks>
    /// After one loss nobody knows whether there was one rival or a hundred. A pair is done sooner by trying again; in a herd nearly all of these
    /// tries are lost. So two in five try.
    /// </remarks>
    public bool IsDenseAfter(int losses, Head known) =>
        losses >= EnoughLosses || (!IsKnownToBeSmall && (losses > 1 || IsDense(known) || context.Entropy.NextDouble() >= RetryChance));

    /// <summary>There is one, for a while: a write is left, or others' have been found.</summary>
    public void Meet() => Volatile.Write(ref metAt, context.Time.GetTimestamp());

    /// <summary>There was hardly anybody: for a while, who loses tries again, and again.</summary>
    public void IsSmall()
    {
        Volatile.Write(ref metAt, 0);
        Volatile.Write(ref smallAt, context.Time.GetTimestamp());
    }

    /// <summary>This process has made that version.</summary>
    public void Landed(long version)
    {
        lock (gate)
        {
            own[next++ % Remembered] = version;
        }
    }

    private bool IsKnownToBeSmall => Volatile.Read(ref smallAt) is not 0 and var seen && context.Time.GetElapsedTime(seen) < Memory;

    private bool HasJustMet => Volatile.Read(ref metAt) is not 0 and var met && context.Time.GetElapsedTime(met) < Window;

    /// <summary>How many versions others have made lately, by the store's clock, which dates them all.</summary>
    private int CommitsOfOthers(Head head)
    {
        long since = context.StoreClock.EarliestMs() - (long)Window.TotalMilliseconds;
        int count = 0;
        lock (gate)
        {
            int oldest = Math.Max(0, head.Recent.Length - Remembered);
            for (int i = head.Recent.Length - 1; i >= oldest && head.Recent[i].TimeMs >= since && count < FastCommits; i--)
            {
                long version = head.Version - (head.Recent.Length - 1 - i);
                count += own.Contains(version) ? 0 : 1;
            }
        }

        return count;
    }
}
