using OrleansSqlite.Simulation.Clock;

namespace OrleansSqlite.Simulation.Processes;

/// <summary>
/// The thread of one process that runs SQLite. Work begins when the dice say so; where it waits for a page from the store, the rest of the
/// world goes on. One thread only: a second one could want a lock that the first one holds while it waits, and nothing could go on then.
/// </summary>
internal sealed class SimulatedThreads(Instance instance, Dice dice) : EngineThreads(0)
{
    private static readonly TimeSpan Start = TimeSpan.FromMicroseconds(40);
    private readonly Queue<Action> work = new();
    private Fiber? fiber;
    private bool busy;
    private bool ended;

    /// <inheritdoc/>
    public override bool Post(Action action)
    {
        if (ended)
        {
            return false;
        }

        work.Enqueue(action);
        Next();
        return true;
    }

    /// <summary>Waits, on the fiber, for something that others do meanwhile.</summary>
    public T Wait<T>(Task<T> task)
    {
        if (Thread.CurrentThread.IsThreadPoolThread)
        {
            throw new InvalidOperationException("A thread of the pool waits for the store: with few threads nobody is left to serve it.");
        }

        if (!task.IsCompleted)
        {
            _ = task.ContinueWith(_ => instance.After(dice.Around(Start, 0.5), GoOn), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            fiber!.Wait();
        }

        return task.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        ended = true;
        base.Dispose();
    }

    private void Next()
    {
        if (!busy && work.Count > 0)
        {
            busy = true;
            instance.After(dice.Around(Start, 0.8), Begin);
        }
    }

    private void Begin()
    {
        fiber = Fiber.Take();
        Ended(fiber.Run(work.Dequeue()));
    }

    private void GoOn() => Ended(fiber!.Resume());

    private void Ended(bool hasEnded)
    {
        if (hasEnded)
        {
            fiber = null;
            busy = false;
            Next();
        }
    }
}
