using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.TimeTravel;

namespace OrleansSqlite.Maintenance;

/// <summary>
/// Makes an earlier version the newest one: a commit like any other, on top of what is there, with the pages of then. Nothing is copied but the
/// pages that stood in frames; what was written in between stays in the history.
/// </summary>
internal sealed class Restore(DatabaseContext context, EngineThreads threads, Past past)
{
    private readonly HeadReader reader = new(context);

    /// <summary>Restores.</summary>
    /// <param name="level">The version.</param>
    /// <param name="cancellation">Stops it before its swap.</param>
    /// <param name="onlyOn">The version on top of which alone it is to happen, if it must not be another.</param>
    /// <returns>The new head.</returns>
    public async Task<Head> RunAsync(ReadLevel level, CancellationToken cancellation, long? onlyOn = null)
    {
        Head? target = null;
        var swap = new Swap(context, threads, reader);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var found = await reader.ReadAsync(cancellation).ConfigureAwait(false);
            if (found is not { Head: { State: HeadState.Live } below, Tag: var tag })
            {
                throw Errors.NotFound(context.Name);
            }

            if (onlyOn is { } expected && below.Version != expected)
            {
                throw new DatabaseException(
                    ErrorKind.Conflict, ErrorCodes.VersionMismatch, $"'{context.Name}' is at version {below.Version} by now, and no more at {expected}. Nothing was restored. Look at it again.")
                { Database = context.Name, Version = below.Version };
            }

            // The time is looked up once: what is asked for is one version, however long it takes to get through. It is looked for anew, after the
            // head was read: if it stands there, or in a pin that is still there, no collection before this head's swap has taken it away.
            level = level.Kind == ReadLevelKind.AtTime && target is not null ? ReadLevel.AtVersion(target.Version) : level;
            target = await past.FindAsync(below, level, cancellation).ConfigureAwait(false);
            if (await TryAsync(swap, below, tag, target).ConfigureAwait(false) is { } restored)
            {
                return restored;
            }
        }
    }

    private async Task<Head?> TryAsync(Swap swap, Head below, ETag tag, Head target)
    {
        long version = below.Version + 1;
        var commit = new CommitRecord(new CommitId(context.Entropy.Next128()), context.CommitTimeMs(below));

        // Its segments are uploaded now, so they belong to the epoch of now.
        var then = reader.Load(target with { CollectionEpoch = below.CollectionEpoch }, default, null);
        Flush? flush = null;
        try
        {
            flush = await Flush.RunAsync(context, threads, then.Snapshot, then.Head, false, below, (version, commit)).ConfigureAwait(false);
            var next = below with
            {
                Version = version,

                // What lies in the inbox may have been carried by a version that this one takes back: it is not to be carried again.
                CollectionEpoch = below.CollectionEpoch + 1,
                SwapId = commit.Id,
                TimeMs = commit.TimeMs,
                PageBytes = target.PageBytes,
                PageCount = target.PageCount,
                Recent = [.. below.Recent.Skip(below.Recent.Length - Head.MaxRecent + 1), commit],
                Segments = flush.Apply(target.Segments),
                Frames = [],
                History = (below.History ?? new HeadHistory()) with { Checkpoints = flush.Checkpoints, BasePageCount = target.PageCount },
            };
            Invariants.CheckCommit(context.Name, below, next, restored: target);
            var end = await swap.RunAsync(next, tag).ConfigureAwait(false);
            return end.Outcome switch
            {
                SwapOutcome.Landed => next,
                SwapOutcome.Lost => null,
                SwapOutcome.Gone => throw Errors.Gone(context.Name),
                _ => throw Errors.OutcomeUnknown(context.Name, version, end.Error, Errors.OverHistory),
            };
        }
        finally
        {
            flush?.Release();
            then.Snapshot.Release();
        }
    }
}
