using Microsoft.Extensions.Logging;

namespace OrleansSqlite.Commit;

/// <summary>Moves inline frames to a segment while later commits go on: their callers don't wait for it. At most one at a time.</summary>
internal sealed partial class BackgroundFlush(DatabaseContext context, EngineThreads threads)
{
    private const long RawBytes = 4L << 20;
    private readonly Lock gate = new();
    private Flush? ready;
    private Task running = Task.CompletedTask;
    private bool closed;

    /// <summary>A finished flush for the next commit to take in, if it still applies.</summary>
    public Flush? Ready
    {
        get
        {
            lock (gate)
            {
                return ready;
            }
        }
    }

    /// <summary>After a commit: begins a flush if the head's frames have grown past the threshold.</summary>
    public void Begin(DurableHead head)
    {
        lock (gate)
        {
            // Taken in by this commit, or overtaken by one.
            if (ready is not null && !ready.AppliesTo(head.Head))
            {
                ready.Release();
                ready = null;
            }

            bool due = head.Head.Frames.Sum(frame => (long)frame.Bytes.Length) > context.Options.InlineBytes
                || head.Head.Frames.Sum(frame => (long)frame.RawBytes) > RawBytes;
            if (!due || closed || !running.IsCompleted || ready is not null)
            {
                return;
            }

            head.Snapshot.Share();
            running = Task.Run(() => RunAsync(head));
        }
    }

    /// <summary>Lets go of what waits to be taken in. Done when nothing is under way any more.</summary>
    public Task CloseAsync()
    {
        lock (gate)
        {
            closed = true;
            ready?.Release();
            ready = null;
            return running;
        }
    }

    private async Task RunAsync(DurableHead head)
    {
        Flush? flush = null;
        try
        {
            flush = await Flush.RunAsync(context, threads, head.Snapshot, head.Head, false, head.Head, null).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Whatever it was: the frames stay in the head; the next commit begins another one.
            LogFailed(context.Logger, e, context.Name);
        }
        finally
        {
            head.Snapshot.Release();
            lock (gate)
            {
                ready = closed ? null : flush;
                if (closed)
                {
                    flush?.Release();
                }
            }
        }
    }

    [LoggerMessage(30, LogLevel.Warning, "Moving frames of {Database} to a segment failed; they stay in the head for now")]
    private static partial void LogFailed(ILogger logger, Exception error, string database);
}
