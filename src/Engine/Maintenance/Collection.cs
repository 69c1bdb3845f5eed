using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansSqlite.Combining;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.TimeTravel;

namespace OrleansSqlite.Maintenance;

/// <summary>
/// Deletes the objects of one database that nothing names any more. First a swap begins a new collection epoch: a writer that was stalled across it
/// must lose, so what it has uploaded will never be named. Then all that is older than that swap, by the store's own clock, and named neither by that
/// head, nor by the history that it keeps, nor by a pin, is deleted. Nothing is ever deleted because of this machine's clock.
/// </summary>
internal sealed partial class Collection(DatabaseContext context, EngineThreads threads, Func<string, DatabaseContext> contextOf)
{
    /// <summary>Collects.</summary>
    /// <param name="dryRun">Whether only to say what would be deleted. Nothing is changed then.</param>
    /// <param name="cancellation">Stops it, at any point: what is left is found by the next one.</param>
    /// <param name="onlyIf">Whether to begin it on a head, if that is not certain: somebody else may have begun one meanwhile.</param>
    public async Task<CollectionReport> RunAsync(bool dryRun, CancellationToken cancellation, Func<Head, bool>? onlyIf = null)
    {
        // Pins are listed before the swap and after it. One that is dropped in between may just have been used to restore or to fork,
        // by a swap that stands behind this one.
        var pins = await Pins.ReadAllAsync(context, cancellation).ConfigureAwait(false);
        var written = await CheckpointTimesAsync(cancellation).ConfigureAwait(false);
        DateTimeOffset? before = null;
        async Task<Head?> BeginAsync(Head head, CancellationToken token)
        {
            if (onlyIf?.Invoke(head) == false)
            {
                return null;
            }

            before = await StoreTimeAsync(token).ConfigureAwait(false);
            var history = head.History ?? new HeadHistory();
            return head with
            {
                CollectionEpoch = head.CollectionEpoch + 1,
                History = history with
                {
                    Checkpoints = Retained(history, written, before),
                    CollectedAtMs = context.StoreClock.EarliestMs(),
                },
            };
        }

        Head after;
        if (dryRun)
        {
            var found = await new HeadReader(context).ReadAsync(cancellation).ConfigureAwait(false) ?? throw Errors.NotFound(context.Name);
            after = (await BeginAsync(found.Head, cancellation).ConfigureAwait(false))!;
        }
        else
        {
            (var found, after) = await new MaintenanceSwap(context, threads).RunAsync(BeginAsync, cancellation).ConfigureAwait(false);
            if (ReferenceEquals(found, after))
            {
                return new CollectionReport(0, 0, 0, 0, 0, SavedHeads.OldestOf(after));
            }

            await context.PassAsync(CommitPoint.CollectionBegun).ConfigureAwait(false);
            pins.AddRange(await Pins.ReadAllAsync(context, cancellation).ConfigureAwait(false));
        }

        var reachable = new Reachable(context);
        if (!await TryMarkAsync(reachable, after, dryRun ? after.CollectionEpoch - 1 : after.CollectionEpoch, cancellation).ConfigureAwait(false))
        {
            // Another collection has begun since, and does the rest.
            return new CollectionReport(0, 0, 0, 0, 0, SavedHeads.OldestOf(after));
        }

        foreach (var (_, pin, _) in pins)
        {
            // A snapshot goes with its database; a fork has a life of its own.
            if (pin.Kind == PinKind.Fork || (pin.DatabaseId == after.DatabaseId && after.State == HeadState.Live))
            {
                reachable.Add(pin);
            }
        }

        var report = await SweepAsync(reachable, before - context.Times.Margin, dryRun, cancellation).ConfigureAwait(false);
        if (!dryRun)
        {
            await new PinUpkeep(context, threads, contextOf).RunAsync(after, reachable, before - context.Times.Margin, cancellation).ConfigureAwait(false);
        }

        return report with { OldestVersion = SavedHeads.OldestOf(after) };
    }

    private async Task<bool> TryMarkAsync(Reachable reachable, Head head, ulong began, CancellationToken cancellation)
    {
        try
        {
            await reachable.AddAsync(head, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (DatabaseException e) when (e is { Code: ErrorCodes.VersionGone, InnerException: StoreException missing })
        {
            var now = await new HeadReader(context).ReadAsync(cancellation).ConfigureAwait(false);
            bool isOvertaken = now is not { } there || there.Head.DatabaseId != head.DatabaseId || there.Head.CollectionEpoch > began;
            return isOvertaken ? false : throw Errors.FromStore(context.Name, missing);
        }
    }

    /// <summary>The saved heads to keep: those from whose versions another one has taken over within the retention, by the store's clock.</summary>
    private ImmutableArray<CheckpointEntry> Retained(HeadHistory history, Dictionary<string, DateTimeOffset> written, DateTimeOffset? now)
    {
        var retention = TimeSpan.FromSeconds(history.RetentionSeconds);
        var cutoff = now - (retention > context.Times.LeastRetention ? retention : context.Times.LeastRetention);

        // All versions of an entry were old when an entry behind it was written: that one's versions had taken over. The last one always stays. From the
        // newest on, so that an object which is lost does not hold what is older for ever.
        int kept = history.Checkpoints.Length - 1;
        while (kept > 0 && !(written.TryGetValue(context.Keys.Checkpoint(history.Checkpoints[kept].Id), out var took) && took < cutoff))
        {
            kept--;
        }

        return history.Checkpoints[Math.Max(0, kept)..];
    }

    private async Task<Dictionary<string, DateTimeOffset>> CheckpointTimesAsync(CancellationToken cancellation)
    {
        Dictionary<string, DateTimeOffset> written = [];
        await foreach (var listed in context.Store.ListAsync(context.Keys.Checkpoints, cancellation).ConfigureAwait(false))
        {
            written[listed.Key] = listed.Modified;
        }

        return written;
    }

    /// <summary>A time by the store's clock that has passed already: what was written before it is older than the swap that follows.</summary>
    private async Task<DateTimeOffset?> StoreTimeAsync(CancellationToken cancellation)
    {
        var found = await new HeadReader(context).ReadAsync(null, cancellation).ConfigureAwait(false);
        return found.Now ?? found.Modified;
    }

    private async Task<CollectionReport> SweepAsync(Reachable reachable, DateTimeOffset? olderThan, bool dryRun, CancellationToken cancellation)
    {
        var report = new CollectionReport(0, 0, 0, 0, 0, 0);
        List<string> garbage = [];
        foreach (string folder in (string[])[context.Keys.Segments, context.Keys.Checkpoints, context.Keys.Inbox, context.Keys.Results])
        {
            // What lies in the inbox is named by nothing: it is garbage once nobody can wait for it any more.
            bool isLeft = folder == context.Keys.Inbox || folder == context.Keys.Results;
            var limit = isLeft ? olderThan - InboxLog.Retention : olderThan;
            await foreach (var listed in context.Store.ListAsync(folder, cancellation).ConfigureAwait(false))
            {
                if (reachable.Contains(listed.Key))
                {
                    report = report with { Kept = report.Kept + 1, KeptBytes = report.KeptBytes + listed.Bytes };
                }
                else if (listed.Modified < limit)
                {
                    report = report with { Deleted = report.Deleted + 1, DeletedBytes = report.DeletedBytes + listed.Bytes };
                    garbage.Add(listed.Key);
                }
                else
                {
                    report = report with { Young = report.Young + 1 };
                }
            }
        }

        if (!dryRun)
        {
            await context.PassAsync(CommitPoint.CollectionMarked).ConfigureAwait(false);
            await context.Store.DeleteManyAsync(garbage, cancellation).ConfigureAwait(false);
            LogCollected(context.Logger, context.Name, report.Deleted, report.DeletedBytes);
        }

        return report;
    }

    [LoggerMessage(40, LogLevel.Information, "A collection of {Database} deleted {Objects} objects, {Bytes} bytes")]
    private static partial void LogCollected(ILogger logger, string database, int objects, long bytes);
}
