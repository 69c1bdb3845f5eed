using Microsoft.Extensions.Logging;

namespace OrleansSqlite.Commit;

/// <summary>Merges large segments while commits go on, one merge at a time. The next commit that still has what was merged takes the result in.</summary>
internal sealed partial class BackgroundCompaction(DatabaseContext context, EngineThreads threads)
{
    private readonly Lock gate = new();
    private Compaction? ready;
    private Task running = Task.CompletedTask;
    private volatile bool closed;

    /// <summary>A finished compaction for the next commit to take in, if it still applies.</summary>
    public Compaction? Ready
    {
        get
        {
            lock (gate)
            {
                return ready;
            }
        }
    }

    /// <summary>After a commit: begins a compaction if one is due.</summary>
    public void Begin(DurableHead head)
    {
        lock (gate)
        {
            if (ready?.AppliesTo(head.Head) == false)
            {
                ready = null;
            }

            if (ready is null && running.IsCompleted && !closed && CompactionPlan.Due(head.Head.Segments) is { } range)
            {
                running = Task.Run(() => RunAsync(head.Head, range));
            }
        }
    }

    /// <summary>Done when nothing is under way any more.</summary>
    public Task CloseAsync()
    {
        lock (gate)
        {
            closed = true;
            return running;
        }
    }

    private async Task RunAsync(Format.Head head, Range range)
    {
        using var cancel = new CancellationTokenSource();
        try
        {
            var compaction = await Compaction.RunAsync(context, threads, head, range, new Stop(this, cancel), cancel.Token).ConfigureAwait(false);
            lock (gate)
            {
                ready = compaction;
            }
        }
        catch (OperationCanceledException) when (closed)
        {
            // Its uploads are garbage.
        }
        catch (Exception e)
        {
            // Whatever it was: the segments stay as they are; a later commit begins another one.
            LogFailed(context.Logger, e, context.Name);
        }
    }

    /// <summary>Stops a merge between two of its segments once the database is closed.</summary>
    private sealed class Stop(BackgroundCompaction owner, CancellationTokenSource cancel) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
            if (owner.closed)
            {
                cancel.Cancel();
            }
        }
    }

    [LoggerMessage(31, LogLevel.Warning, "Merging segments of {Database} failed; they stay as they are for now")]
    private static partial void LogFailed(ILogger logger, Exception error, string database);
}
