using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Maintenance;

/// <summary>Takes away pins that hold nothing for anybody, as part of a collection; what they held is deleted by the next one.</summary>
internal sealed class PinUpkeep(DatabaseContext context, EngineThreads threads, Func<string, DatabaseContext> contextOf)
{
    /// <summary>Takes away what is not needed.</summary>
    /// <param name="head">The head that began the collection.</param>
    /// <param name="reachable">What it still names.</param>
    /// <param name="olderThan">Pins younger than that are left: their forks may be about to come to be.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task RunAsync(Head head, Reachable reachable, DateTimeOffset? olderThan, CancellationToken cancellation)
    {
        foreach (var (key, pin, modified) in await Pins.ReadAllAsync(context, cancellation).ConfigureAwait(false))
        {
            bool isLeft = pin.Kind == PinKind.Snapshot
                ? pin.DatabaseId != head.DatabaseId || head.State != HeadState.Live
                : modified < olderThan && await IsLeftAsync(pin, cancellation).ConfigureAwait(false);
            if (isLeft)
            {
                await context.Store.DeleteAsync(key, cancellation).ConfigureAwait(false);
            }
        }

        await ReleaseSourcesAsync(head, reachable, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Whether a fork is gone, or never came to be. If its name is still reserved, the reservation is taken away first: a fork that was merely
    /// slow can't come to be behind our back.
    /// </summary>
    private async Task<bool> IsLeftAsync(Pin pin, CancellationToken cancellation)
    {
        var fork = contextOf(pin.Name);
        var reader = new HeadReader(fork);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false) is { } found && found.Head.DatabaseId == pin.DatabaseId)
        {
            if (found.Head.State == HeadState.Live)
            {
                return false;
            }

            if (found.Head is { Version: > 0 } or { CollectionEpoch: > 0 })
            {
                // It was deleted, or its reservation has been taken away.
                return true;
            }

            // A reservation has no epoch; the one that takes its place has.
            var taken = found.Head with { SwapId = new CommitId(fork.Entropy.Next128()), TimeMs = fork.NowMs(), CollectionEpoch = 1 };
            var end = await new Swap(fork, threads, reader).RunAsync(taken, found.Tag).ConfigureAwait(false);
            if (end.Outcome == SwapOutcome.Unknown)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Lets go of databases that this one was forked from, once nothing of theirs is named here: neither by the head nor by its history.</summary>
    private async Task ReleaseSourcesAsync(Head head, Reachable reachable, CancellationToken cancellation)
    {
        string[] unused = [.. (head.History?.Sources ?? []).Where(source => !reachable.Sources.Contains(source))];
        if (unused.Length == 0)
        {
            return;
        }

        // The pins first: a name that is listed without need costs nothing, a pin that nobody remembers is there for ever.
        foreach (string source in unused)
        {
            await context.Store.DeleteAsync(contextOf(source).Keys.ForkPin(head.DatabaseId), cancellation).ConfigureAwait(false);
        }

        await new MaintenanceSwap(context, threads).RunAsync(
            (now, _) => Task.FromResult(now.DatabaseId == head.DatabaseId && now.History is { } history
                ? now with { History = history with { Sources = history.Sources.RemoveRange(unused) } }
                : null),
            cancellation).ConfigureAwait(false);
    }
}
