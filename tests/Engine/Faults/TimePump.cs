namespace OrleansSqlite.Tests.Faults;

/// <summary>
/// Moves a virtual clock to its next timer whenever everybody seems to sleep, so that a test that waits for minutes takes
/// milliseconds. What it takes for sleep is that it looked several times and nobody had touched the clock, the more often the further it is
/// about to jump: a short delay that ends too early does no harm, a time limit of half a minute that does ends what it should not. It counts
/// looks, not time, and each look goes through the thread pool, behind all that waits there: on a busy machine it gets as few turns as those
/// whom it watches.
/// </summary>
internal sealed class TimePump : IDisposable
{
    private readonly VirtualTime time;
    private readonly Thread thread;
    private readonly AutoResetEvent through = new(false);
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
        through.Dispose();
    }

    private void Run()
    {
        long touched = -1;
        int quiet = 0;
        while (!ended)
        {
            Thread.Sleep(1);
            PassThroughPool();
            long seen = time.Changes;
            quiet = seen == touched ? quiet + 1 : 0;
            touched = seen;
            if (time.UntilNext is { } wait && quiet >= LooksBefore(wait))
            {
                time.Advance(wait);
            }
        }
    }

    private void PassThroughPool()
    {
        ThreadPool.UnsafeQueueUserWorkItem(static passed => passed.Set(), through, preferLocal: false);
        through.WaitOne();
    }

    private static int LooksBefore(TimeSpan jump) =>
        jump < TimeSpan.FromMilliseconds(200) ? 1
        : jump < TimeSpan.FromSeconds(1.5) ? 5
        : 250;
}
