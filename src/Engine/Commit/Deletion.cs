using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Commit;

/// <summary>
/// Deletes a database: a swap to a tombstone, in line with the commits, so that a commit either lands before it or learns of it.
/// A head is never deleted as an object: a late commit could not be told from a creation.
/// </summary>
internal sealed class Deletion(DatabaseContext context, EngineThreads threads)
{
    /// <summary>Deletes the database.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.DatabaseNotFound"/>, or the store's failure.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var reader = new HeadReader(context);
        var swap = new Swap(context, threads, reader);
        try
        {
            while (true)
            {
                var found = await reader.ReadAsync(cancellation).ConfigureAwait(false);
                if (found is not { Head: { State: HeadState.Live } head, Tag: var tag })
                {
                    throw Errors.NotFound(context.Name);
                }

                var tombstone = head with
                {
                    State = HeadState.Tombstone,
                    SwapId = new CommitId(context.Entropy.Next128()),
                    TimeMs = context.NowMs(),
                    PageBytes = 0,
                    PageCount = 0,
                    Segments = [],
                    Frames = [],
                    History = head.History is null ? null : head.History with { Checkpoints = [], BasePageCount = 0 },
                };
                var end = await swap.RunAsync(tombstone, tag).ConfigureAwait(false);
                switch (end.Outcome)
                {
                    case SwapOutcome.Landed:
                        return;
                    case SwapOutcome.Gone:
                        throw Errors.NotFound(context.Name);
                    case SwapOutcome.Unknown:
                        throw Errors.OutcomeUnknown(context.Name, head.Version, end.Error, Errors.OverCatalogue);
                }
            }
        }
        catch (StoreException e)
        {
            throw Errors.FromStore(context.Name, e);
        }
    }
}
