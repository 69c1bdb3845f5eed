using System.Collections.Concurrent;

namespace OrleansSqlite;

/// <summary>
/// The threads that run SQLite. They are the engine's own because SQLite asks for pages synchronously: waiting for the store on
/// the thread pool would starve the very continuations that are waited for. A simulation takes their place, and decides when work runs.
/// </summary>
internal class EngineThreads : IDisposable
{
    private readonly BlockingCollection<Action> work = [];

    public EngineThreads(int count)
    {
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
    public virtual void Dispose() => work.CompleteAdding();

    private void Loop()
    {
        foreach (var action in work.GetConsumingEnumerable())
        {
            action();
        }
    }
}
