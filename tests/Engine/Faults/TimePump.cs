namespace OrleansSqlite.Tests.Faults;

/// <summary>
/// Moves a virtual clock to its next timer whenever everybody seems to sleep, so that a test that waits for minutes takes
/// milliseconds. What it takes for sleep is rest of the thread pool and of the clock for a moment.
/// </summary>
internal sealed class TimePump : IDisposable
{
    private const int QuietLooks = 3;
    private const int MaxLooks = 20;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(0.3);
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
        while (!ended)
        {
            AwaitQuiet();
            if (time.UntilNext is { } wait)
            {
                time.Advance(wait);
            }
        }
    }

    private void AwaitQuiet()
    {
        long last = -1;
        int quiet = 0;
        for (int look = 0; look < MaxLooks && quiet < QuietLooks && !ended; look++)
        {
            Thread.Sleep(Look);
            long seen = time.Changes + ThreadPool.CompletedWorkItemCount;
            quiet = seen == last && ThreadPool.PendingWorkItemCount == 0 ? quiet + 1 : 0;
            last = seen;
        }
    }
}
