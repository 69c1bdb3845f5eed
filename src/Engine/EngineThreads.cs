using System.Collections.Concurrent;

namespace OrleansSqlite;

/// <summary>
/// The threads that run SQLite. They are the engine's own because SQLite asks for pages synchronously: waiting for the store on
/// the thread pool would starve the very continuations that are waited for. A simulation takes their place, and decides when work runs.
/// </summary>
/// <remarks>
/// SQLite can't be stopped within one call of a function, which may take hours if its arguments were made for that. So when work has waited
/// for a while and no thread came back for it, another one is started, which ends when there is nothing to do.
/// </remarks>
internal class EngineThreads : IDisposable
{
    /// <summary>The most threads beyond the usual ones.</summary>
    private const int MostExtra = 64;

    /// <summary>How long work waits for a thread before another one is started; and how long that one then waits for work.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly BlockingCollection<Action> work = [];
    private readonly Timer watch;
    private long taken;
    private long takenBefore;
    private int watching;
    private int extra;

    public EngineThreads(int count)
    {
        watch = new Timer(static threads => ((EngineThreads)threads!).Look(), this, Timeout.Infinite, Timeout.Infinite);
        for (int i = 0; i < count; i++)
        {
            new Thread(Loop) { IsBackground = true, Name = $"orleans-sqlite {i}" }.Start();
        }
    }

    /// <summary>Runs the work soon. It must not throw. False if the threads have been told to end: then it won't run.</summary>
    public virtual bool Post(Action action)
    {
        try
        {
            work.Add(action);
            if (Interlocked.CompareExchange(ref watching, 1, 0) == 0)
            {
                Watch();
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Runs the work soon and gives its result.</summary>
    public Task<T> RunAsync<T>(Func<T> function)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool posted = Post(() =>
        {
            try
            {
                done.SetResult(function());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        if (!posted)
        {
            done.SetException(new ObjectDisposedException(nameof(DatabaseEngine)));
        }

        return done.Task;
    }

    /// <summary>Lets the threads end once the work is done.</summary>
    public virtual void Dispose()
    {
        work.CompleteAdding();
        watch.Dispose();
    }

    private void Loop()
    {
        foreach (var action in work.GetConsumingEnumerable())
        {
            Interlocked.Increment(ref taken);
            action();
        }
    }

    private void LoopForAWhile()
    {
        while (work.TryTake(out var action, Patience))
        {
            Interlocked.Increment(ref taken);
            action();
        }

        Interlocked.Decrement(ref extra);
    }

    private void Watch()
    {
        takenBefore = Interlocked.Read(ref taken);
        try
        {
            watch.Change(Patience, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The threads have been told to end.
        }
    }

    private void Look()
    {
        if (work.Count == 0)
        {
            // Work that is added from here on watches again.
            Volatile.Write(ref watching, 0);
            if (work.Count == 0 || Interlocked.CompareExchange(ref watching, 1, 0) != 0)
            {
                return;
            }
        }
        else if (Interlocked.Read(ref taken) == takenBefore && Volatile.Read(ref extra) < MostExtra)
        {
            Interlocked.Increment(ref extra);
            new Thread(LoopForAWhile) { IsBackground = true, Name = "orleans-sqlite extra" }.Start();
        }

        Watch();
    }
}
