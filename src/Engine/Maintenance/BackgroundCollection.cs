using Microsoft.Extensions.Logging;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;

namespace OrleansSqlite.Maintenance;

/// <summary>
/// Collects garbage now and then, beside the commits of whoever writes: no other process is needed for it, and one that only reads does none. The head says when the
/// last collection began, whoever did it, so all that write share one schedule. When one is due, chance decides which of them begins: each commit may, with a
/// chance that rises from none to certainty during a quarter of the interval. So a crowd does not begin at the same moment, and a process that lives for a single
/// commit does its part.
/// </summary>
internal sealed partial class BackgroundCollection(DatabaseContext context, EngineThreads threads, Func<string, DatabaseContext> contextOf)
{
    /// <summary>How long a process that ends waits for a collection that it has begun.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private Task running = Task.CompletedTask;
    private Action? stop;
    private long? failedAt;
    private bool closed;

    /// <summary>After a commit: begins a collection if one is due, and chance says so.</summary>
    public void Begin(Head head)
    {
        if (Due(head, context) is not { } chance)
        {
            return;
        }

        lock (gate)
        {
            // One that fails, for want of a permission say, is not tried at every commit.
            if (failedAt is { } failed && context.Time.GetElapsedTime(failed) < context.Options.CollectInterval / 8)
            {
                return;
            }

            if (!closed && running.IsCompleted && context.Entropy.NextDouble() < chance)
            {
                running = Task.Run(() => RunAsync(head));
            }
        }
    }

    /// <summary>Done when nothing is under way any more. One that takes long is stopped: the next one does the rest.</summary>
    public async Task CloseAsync()
    {
        Task last;
        lock (gate)
        {
            closed = true;
            last = running;
        }

        using var patience = new CancellationTokenSource();
        await Task.WhenAny(last, Task.Delay(Patience, context.Time, patience.Token)).ConfigureAwait(false);
        await patience.CancelAsync().ConfigureAwait(false);
        lock (gate)
        {
            stop?.Invoke();
        }

        await last.ConfigureAwait(false);
    }

    /// <summary>The chance with which a commit begins a collection; null if there is none to begin.</summary>
    /// <param name="head">The head that it made.</param>
    /// <param name="context">The database.</param>
    internal static double? Due(Head head, DatabaseContext context)
    {
        double interval = context.Options.CollectInterval.TotalMilliseconds;
        if (interval <= 0 || head.History is not { Checkpoints: [var oldest, ..] checkpoints } history)
        {
            // Where nothing has been saved nothing has left the head, so there is nothing to collect.
            return null;
        }

        // A date in the future is a wrong clock's: it must not put the next collection off for ever.
        double now = context.StoreClock.EarliestMs();
        double since = now - (history.CollectedAtMs > 0 ? history.CollectedAtMs : oldest.LastTimeMs);
        since = since < -interval ? 2 * interval : since;
        if (since < interval)
        {
            return null;
        }

        // What lost races have left behind is worth one as well, but not as often as what has grown too old.
        double retention = Math.Max(history.RetentionSeconds * 1000.0, context.Times.LeastRetention.TotalMilliseconds);
        bool isOld = checkpoints.Length > 1 && now - checkpoints[1].LastTimeMs > retention;
        return isOld || since > retention + interval ? (since - interval) / (interval / 4) : null;
    }

    private async Task RunAsync(Head head)
    {
        using var cancel = new CancellationTokenSource();
        lock (gate)
        {
            stop = cancel.Cancel;
        }

        try
        {
            await new Collection(context, threads, contextOf).RunAsync(
                dryRun: false,
                cancel.Token,
                now => now.State == HeadState.Live && now.DatabaseId == head.DatabaseId && now.History?.CollectedAtMs == head.History?.CollectedAtMs).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (closed)
        {
            // The next one does the rest.
        }
        catch (Exception e)
        {
            // Whatever it was: nothing is lost by it but space, and a later commit begins another one.
            LogFailed(context.Logger, e, context.Name);
            lock (gate)
            {
                failedAt = context.Time.GetTimestamp();
            }
        }
        finally
        {
            lock (gate)
            {
                stop = null;
            }
        }
    }

    [LoggerMessage(32, LogLevel.Warning, "A collection of {Database} failed; what it has left is deleted by a later one")]
    private static partial void LogFailed(ILogger logger, Exception error, string database);
}
