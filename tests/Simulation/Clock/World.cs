namespace OrleansSqlite.Simulation.Clock;

/// <summary>
/// Virtual time, and everything that is to happen in it. An event runs only when nobody has anything left to do at this moment: then the
/// clock moves to the next one. All of it runs on the one thread of the pool, so that the same seed gives the same order.
/// </summary>
internal sealed class World : IThreadPoolWorkItem
{
    private readonly PriorityQueue<Action, (long Due, long Number)> events = new();
    private readonly TaskCompletionSource ended = new();
    private long now;
    private long number;
    private Func<Task>? begin;
    private Task? main;

    /// <summary>The time since the world began.</summary>
    public TimeSpan Now => TimeSpan.FromTicks(now);

    /// <summary>Lets something happen later.</summary>
    public void After(TimeSpan delay, Action happens) =>
        events.Enqueue(happens, (now + Math.Max(0, delay.Ticks), ++number));

    /// <summary>Done after that time.</summary>
    public Task DelayAsync(TimeSpan delay)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        After(delay, done.SetResult);
        return done.Task;
    }

    /// <summary>Runs the world until the task that begins it has ended. To be called from outside of the thread pool.</summary>
    public void Run(Func<Task> work)
    {
        RefuseManyThreads();
        begin = work;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        ended.Task.GetAwaiter().GetResult();
    }

    /// <summary>Events, as long as nothing else waits for the thread.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            main ??= begin!();
            while (ThreadPool.PendingWorkItemCount == 0)
            {
                if (main.IsCompleted)
                {
                    ended.SetFromTask(main);
                    return;
                }

                if (!events.TryDequeue(out var happens, out var place))
                {
                    throw new InvalidOperationException($"Everybody waits and nothing will ever happen again, at {Now}.");
                }

                now = Math.Max(now, place.Due);
                happens();
            }

            // Behind all that waits already. What that brings about goes before or behind; then this looks again.
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
        catch (Exception e)
        {
            ended.SetException(e);
        }
    }

    private static void RefuseManyThreads()
    {
        ThreadPool.GetMaxThreads(out int threads, out _);
        if (threads != 1)
        {
            throw new InvalidOperationException(
                $"The thread pool may have {threads} threads; with more than one no run repeats itself. Start the simulation by its own program, with its own runtimeconfig.json.");
        }
    }
}
