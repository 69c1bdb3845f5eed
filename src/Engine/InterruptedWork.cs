namespace OrleansSqlite;

/// <summary>
/// Waiting for work on SQLite that may be cancelled. SQLite can be interrupted between two of its instructions, but not within one call of a
/// function, which may take hours if its arguments were made for that: then the work is left behind, and whoever began it looks after what it holds.
/// </summary>
internal static class InterruptedWork
{
    /// <summary>How long interrupted work has to end.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>Waits for the work, or until shortly after it was cancelled.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled. If the task has not ended, it was left behind.</exception>
    public static async Task<T> EndAsync<T>(Task<T> work, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            return await work.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!work.IsCompleted)
        {
            await ((Task)work).WaitAsync(Grace, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (work.IsCompleted)
            {
                return await work.ConfigureAwait(false);
            }

            // Seen, whatever comes of it.
            _ = work.ContinueWith(static left => left.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Frees what the work uses: now, or when it ends.</summary>
    public static void Free(Task work, Action free)
    {
        if (work.IsCompleted)
        {
            free();
        }
        else
        {
            _ = work.ContinueWith(_ => free(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }
}
