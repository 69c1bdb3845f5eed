using System.Collections.Immutable;
using OrleansSqlite.Pages;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Commit;

/// <summary>The transactions that one swap carries.</summary>
/// <param name="Base">The head that they stand on; its snapshot is shared for the group.</param>
/// <param name="After">The state after the last of them, shared for the group.</param>
/// <param name="Transactions">They, in order.</param>
internal sealed record Group(DurableHead Base, Snapshot After, ImmutableArray<WriteTransaction> Transactions)
{
    /// <summary>Whether there is anything to swap.</summary>
    public bool HasChanges => Transactions.Any(transaction => transaction.Pages is not null);

    /// <summary>The pages that the group changed, in order; all pages since a change of the page size.</summary>
    public SortedSet<uint> ChangedPages()
    {
        SortedSet<uint> pages = [];
        int pageBytes = Base.Head.PageBytes;
        foreach (var transaction in Transactions)
        {
            if (transaction.Pages is null)
            {
                continue;
            }

            if (transaction.PageBytes != pageBytes)
            {
                pages.Clear();
                pageBytes = transaction.PageBytes;
            }

            pages.UnionWith(transaction.Pages);
        }

        // A later transaction may have cut pages off that an earlier one wrote.
        pages.RemoveWhere(page => page > After.PageCount);
        return pages;
    }

    /// <summary>The tables that the group touched, but for the engine's own.</summary>
    public IEnumerable<string> Tables() => Transactions
        .Where(transaction => transaction.Pages is not null)
        .SelectMany(transaction => transaction.Tables)
        .Where(table => table != OperationLog.Table);

    /// <summary>Lets go of the snapshots.</summary>
    public void Release()
    {
        Base.Snapshot.Release();
        After.Release();
    }
}
