using System.Diagnostics;

namespace OrleansSqlite.Tests.Faults;

/// <summary>
/// Moves a virtual clock to its next timer whenever everybody seems to sleep, so that a test that waits for minutes takes
/// milliseconds. What it takes for sleep is that nobody has touched the clock for a while, the longer the further it is about to jump:
/// a short delay that ends too early does no harm, a time limit of half a minute that does ends what it should not.
/// </summary>
internal sealed class TimePump : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(0.2);
    private readonly VirtualTime time;
    private readonly Thread thread;
    private volatile bool ended;

    public TimePump(VirtualTime time)
    {
        this.time = time;
        thread = new Thread(Run) { IsBackground = true, Name = "time pump" };
        thread.Start();
    }

    public void Dispose()
    {
        ended = true;
        thread.Join();
    }

    private void Run()
    {
        long touched = -1;
        long quietSince = 0;
        while (!ended)
        {
            Thread.Sleep(Look);
            long seen = time.Changes;
            if (seen != touched)
            {
                touched = seen;
                quietSince = Stopwatch.GetTimestamp();
            }
            else if (time.UntilNext is { } wait && Stopwatch.GetElapsedTime(quietSince) >= QuietBefore(wait))
            {
                time.Advance(wait);
            }
        }
    }

    private static TimeSpan QuietBefore(TimeSpan jump) => TimeSpan.FromMilliseconds(
        jump < TimeSpan.FromMilliseconds(200) ? 0.5
        : jump < TimeSpan.FromSeconds(1.5) ? 5
        : 250);
}
