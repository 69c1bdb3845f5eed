using System.Collections.Immutable;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.TimeTravel;

namespace OrleansSqlite.Maintenance;

/// <summary>
/// Makes a new database that begins as a version of another one, and shares its segments: nothing is copied. Three steps, each a swap: the new name is
/// reserved by a tombstone with the fork's id; pins with that id are registered with every database whose segments it will name; the tombstone is replaced
/// by the fork's head. A collector that meets the pin of a fork that never came to be takes the tombstone away first: then the last step can't land any more.
/// </summary>
internal sealed class Fork(DatabaseContext parent, DatabaseContext child, EngineThreads threads, Past past, Func<string, DatabaseContext> contextOf)
{
    /// <summary>A pin comes before the fork's head, so a doubt about it is none about the fork.</summary>
    private const string NotMade = "It was to be forked, and the fork was not made. Fork it again.";
    private readonly HeadReader childReader = new(child);

    /// <summary>Forks.</summary>
    /// <param name="level">The version of the parent.</param>
    /// <param name="cancellation">Stops it; nothing is left but what a collection removes.</param>
    /// <returns>The fork's head.</returns>
    public async Task<Head> RunAsync(ReadLevel level, CancellationToken cancellation)
    {
        var (id, tag) = await ReserveAsync(cancellation).ConfigureAwait(false);
        var (parentHead, held) = await PinInParentAsync(id, level, cancellation).ConfigureAwait(false);
        foreach (string source in held.Segments.Select(entry => entry.Home).OfType<string>().Distinct().Where(source => source != child.Name))
        {
            await PinInSourceAsync(contextOf(source), id, parentHead.DatabaseId, held, cancellation).ConfigureAwait(false);
        }

        var segments = held.Segments.Select(Homed).ToImmutableArray();
        var next = held with
        {
            DatabaseId = id,
            State = HeadState.Live,
            SwapId = new CommitId(child.Entropy.Next128()),
            CollectionEpoch = parentHead.CollectionEpoch,
            Segments = segments,
            History = new HeadHistory
            {
                BasePageCount = held.History?.BasePageCount,
                RetentionSeconds = parentHead.History?.RetentionSeconds ?? HeadHistory.DefaultRetentionSeconds,
                Sources = [.. segments.Select(entry => entry.Home).OfType<string>().Distinct()],
            },
        };
        await BringToLifeAsync(next, tag).ConfigureAwait(false);
        return next;
    }

    private async Task<(Guid Id, ETag Tag)> ReserveAsync(CancellationToken cancellation)
    {
        var id = child.Entropy.NextGuid();
        var reservation = new Head
        {
            DatabaseId = id,
            State = HeadState.Tombstone,
            Version = 0,
            SwapId = new CommitId(child.Entropy.Next128()),
            CollectionEpoch = 0,
            TimeMs = child.NowMs(),
            PageBytes = 0,
            PageCount = 0,
            Recent = [],
            Segments = [],
            Frames = [],
        };
        await new Creation(child, threads).RunAsync(reservation, cancellation).ConfigureAwait(false);
        return await childReader.ReadAsync(cancellation).ConfigureAwait(false) is { } found && found.Head.DatabaseId == id
            ? (id, found.Tag)
            : throw Errors.Exists(child.Name);
    }

    private async Task<(Head Parent, Head Held)> PinInParentAsync(Guid id, ReadLevel level, CancellationToken cancellation)
    {
        Head? held = null;
        var pin = new ForkPin(parent, child.Name, parent.Name, id);
        var (_, after) = await new MaintenanceSwap(parent, threads, NotMade).RunAsync(
            async (head, token) =>
            {
                if (head.State != HeadState.Live)
                {
                    throw Errors.NotFound(parent.Name);
                }

                var at = held is null || level.Kind == ReadLevelKind.AtSnapshot ? level : ReadLevel.AtVersion(held.Version);
                held = await past.FindAsync(head, at, token).ConfigureAwait(false);
                await pin.WriteAsync(held, token).ConfigureAwait(false);
                return head;
            },
            cancellation).ConfigureAwait(false);
        return (after, held!);
    }

    /// <summary>The parent is a fork itself: its own pin there holds the segments until the new one does.</summary>
    private async Task PinInSourceAsync(DatabaseContext source, Guid id, Guid parentId, Head held, CancellationToken cancellation)
    {
        var pin = new ForkPin(source, child.Name, parent.Name, id);
        await new MaintenanceSwap(source, threads, NotMade).RunAsync(
            async (head, token) =>
            {
                var own = await source.Retry.RunAsync(t => source.Store.ReadAsync(source.Keys.ForkPin(parentId), null, t), token).ConfigureAwait(false);
                if (own.Answer == ReadAnswer.Missing)
                {
                    throw Errors.Gone(parent.Name);
                }

                await pin.WriteAsync(held, token).ConfigureAwait(false);
                return head;
            },
            cancellation).ConfigureAwait(false);
    }

    /// <summary>An entry of the parent's as the fork names it.</summary>
    private SegmentEntry Homed(SegmentEntry entry) =>
        (entry.Home ?? parent.Name) is var home && home == child.Name ? entry with { Home = null } : entry with { Home = home };

    private async Task BringToLifeAsync(Head next, ETag reservation)
    {
        var end = await new Swap(child, threads, childReader).RunAsync(next, reservation).ConfigureAwait(false);
        bool isThere = end.Outcome == SwapOutcome.Landed
            || (end.Outcome == SwapOutcome.Lost && end.Newer is { Head: { State: HeadState.Live } there } && there.DatabaseId == next.DatabaseId);
        if (!isThere)
        {
            throw end.Outcome == SwapOutcome.Unknown ? Errors.OutcomeUnknown(child.Name, next.Version, end.Error, Errors.OverCatalogue) : Errors.Exists(child.Name);
        }
    }
}
