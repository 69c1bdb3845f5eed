using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Maintenance;

/// <summary>
/// Changes what a head says without making a version (compaction, a collection, a pin), in line with the commits. A change is made again
/// on the newest head until it gets through, so it must be harmless twice: one whose answer was lost may be taken for a lost race.
/// </summary>
internal sealed class MaintenanceSwap(DatabaseContext context, EngineThreads threads, string findOut = Errors.Again)
{
    private static readonly TimeSpan SwapTime = TimeSpan.FromMilliseconds(50);
    private readonly HeadReader reader = new(context);

    /// <summary>Makes the change.</summary>
    /// <param name="change">Gives the head that is to take the place of the one it is told, or null if there is nothing to do.</param>
    /// <param name="cancellation">Stops trying. A swap that is under way is waited for.</param>
    /// <returns>The head before, and the one that took its place; the same if there was nothing to do.</returns>
    /// <exception cref="DatabaseException">There is no such database, or the store failed.</exception>
    public async Task<(Head Before, Head After)> RunAsync(Func<Head, CancellationToken, Task<Head?>> change, CancellationToken cancellation)
    {
        var swap = new Swap(context, threads, reader);
        var courtesy = new Courtesy(context);
        long began = context.Time.GetTimestamp();
        for (int losses = 0; ;)
        {
            courtesy.Try();
            var (head, tag) = await reader.ReadAsync(cancellation).ConfigureAwait(false) ?? throw Errors.NotFound(context.Name);
            if (await change(head, cancellation).ConfigureAwait(false) is not { } changed)
            {
                return (head, head);
            }

            var next = changed with { SwapId = new CommitId(context.Entropy.Next128()), TimeMs = context.NowMs() };
            Invariants.CheckMaintenance(context.Name, head, next);
            await courtesy.BeforeSwapAsync().ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            var end = await swap.RunAsync(next, tag).ConfigureAwait(false);
            switch (end.Outcome)
            {
                case SwapOutcome.Landed:
                    courtesy.Won(losses);
                    return (head, next);
                case SwapOutcome.Gone:
                    throw Errors.Gone(context.Name);
                case SwapOutcome.Unknown:
                    throw Errors.OutcomeUnknown(context.Name, next.Version, end.Error, findOut);
            }

            losses++;
            if (losses > context.Options.RetryCount || context.Time.GetElapsedTime(began) > context.Options.RetryTime)
            {
                throw Errors.RetriesExhausted(context.Name, losses, context.Time.GetElapsedTime(began));
            }

            courtesy.Lost(losses);
            await context.PauseAsync(courtesy.PauseAfter(losses, SwapTime), cancellation).ConfigureAwait(false);
        }
    }
}
