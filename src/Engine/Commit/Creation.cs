using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Commit;

/// <summary>Creates a database: a swap that expects no head, or the tombstone of a deleted one.</summary>
internal sealed class Creation(DatabaseContext context, EngineThreads threads)
{
    /// <summary>Creates the database with that head, in the place of exactly what was there: a tombstone with that tag, or nothing.</summary>
    /// <returns>False if something else is there.</returns>
    /// <exception cref="StoreException">The store refused.</exception>
    /// <exception cref="DatabaseException">It is not known whether it was created.</exception>
    public async Task<bool> TryAsync(Head head, ETag? expected)
    {
        var end = await new Swap(context, threads, new HeadReader(context)).RunAsync(head, expected, creates: true).ConfigureAwait(false);
        return end.Outcome switch
        {
            SwapOutcome.Landed => true,
            SwapOutcome.Unknown => throw end.Error as DatabaseException ?? Errors.OutcomeUnknown(context.Name, head.Version, end.Error, Errors.OverCatalogue),
            _ => false,
        };
    }

    /// <summary>Creates the database with that head.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.DatabaseExists"/>, or the store's failure.</exception>
    public async Task<DatabaseDescription> RunAsync(Head head, CancellationToken cancellation)
    {
        var reader = new HeadReader(context);
        var swap = new Swap(context, threads, reader);
        try
        {
            ETag? expected = null;
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                var end = await swap.RunAsync(head, expected, creates: true).ConfigureAwait(false);
                switch (end.Outcome)
                {
                    case SwapOutcome.Landed:
                        return EngineDatabase.Describe(context.Name, head);
                    case SwapOutcome.Unknown when end.Error is DatabaseException damaged:
                        // A head stands there that can't be read: that says more than a doubt about ours.
                        throw damaged;
                    case SwapOutcome.Unknown:
                        throw Errors.OutcomeUnknown(context.Name, head.Version, end.Error, Errors.OverCatalogue);
                    default:
                        // Another head stands there. A tombstone may be replaced; the id must be new, as its bytes must.
                        if (end.Newer is { Head.State: HeadState.Live })
                        {
                            throw Errors.Exists(context.Name);
                        }

                        expected = end.Newer?.Tag;
                        var id = new CommitId(context.Entropy.Next128());
                        head = head with
                        {
                            SwapId = id,
                            Recent = head.Recent.IsEmpty ? [] : [.. head.Recent[..^1], head.Recent[^1] with { Id = id }],
                        };
                        break;
                }
            }
        }
        catch (StoreException e)
        {
            throw Errors.FromStore(context.Name, e);
        }
    }
}
