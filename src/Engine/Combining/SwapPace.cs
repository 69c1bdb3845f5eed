namespace OrleansSqlite.Combining;

/// <summary>How long a swap takes here, about: all waiting is counted in it.</summary>
/// <remarks>
/// The first swaps of a process are slow for reasons of its own: connections are opened, code is compiled. Who leaves its writes after them swaps no
/// more, so it would wait by that measure for good. So a time counts only once it was seen several times: one is taken for twice the estimate at most.
/// </remarks>
internal sealed class SwapPace
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private long ticks = Usual.Ticks;

    /// <summary>The time of a swap, from 5 ms to 1 s; S3's before one was seen.</summary>
    public TimeSpan Time => new(Volatile.Read(ref ticks));

    /// <summary>Takes a swap's duration into account. One that lost was refused, sooner than another one could land.</summary>
    public void Observe(TimeSpan took, bool landed)
    {
        var time = landed ? took : took * 2;
        time = time < Time * 2 ? time : Time * 2;
        time = (Time * 0.7) + (time * 0.3);
        time = time < Longest ? time : Longest;
        Volatile.Write(ref ticks, time > Shortest ? time.Ticks : Shortest.Ticks);
    }
}
