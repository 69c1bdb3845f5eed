using OrleansSqlite.Commit;

namespace OrleansSqlite.Reads;

/// <summary>
/// Waits for commits. Those of this process show at once; for those of others the head is asked, more and more rarely while nothing happens,
/// once for all who wait. A database that nobody watches is not asked.
/// </summary>
/// <param name="context">The database.</param>
/// <param name="speculation">Tells what this process commits or reads.</param>
/// <param name="pin">The newest head at a level, its snapshot shared for the caller.</param>
internal sealed class Watch(DatabaseContext context, Speculation speculation, Func<ReadLevel, CancellationToken, Task<DurableHead>> pin)
{
    /// <summary>How soon after a commit of another process its successor is noticed.</summary>
    public static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);

    /// <summary>How late, at most, where nothing was committed for long.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    /// <summary>Waits for a version above that one, and gives the newest.</summary>
    public async Task<long> NewerAsync(long version, CancellationToken cancellation)
    {
        var pause = ShortestPause;
        while (true)
        {
            var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            void Wake() => changed.TrySetResult();
            speculation.Changed += Wake;
            try
            {
                // Whoever else waits may have asked meanwhile, or a commit have told: then this one does not ask.
                var head = await pin(ReadLevel.StaleBy(pause / 2), cancellation).ConfigureAwait(false);
                head.Snapshot.Release();
                if (head.Version > version)
                {
                    return head.Version;
                }

                await changed.Task.WaitAsync(pause, context.Time, cancellation).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            finally
            {
                speculation.Changed -= Wake;
            }
        }
    }
}
