using System.Runtime.CompilerServices;

namespace OrleansSqlite.Grains;

/// <summary>The rows of a query as replies: the consumer sets the pace, and its leaving lets the snapshot go.</summary>
internal static class RowStream
{
    public static async IAsyncEnumerable<Reply<RowPiece>> Of(
        IDatabase database, Statement statement, ReadLevel level, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        IRowReader? reader = null;
        try
        {
            // One piece ahead, so that each piece says whether it is the last: most queries are one message then.
            IReadOnlyList<IReadOnlyList<SqlValue>> rows = [];
            IReadOnlyList<IReadOnlyList<SqlValue>> ahead = [];
            Reply<RowPiece> next;
            do
            {
                // An iterator cannot give anything out of a catch.
                try
                {
                    bool first = reader is null;
                    if (reader is null)
                    {
                        reader = await database.QueryAsync(statement, level, cancellation);
                        ahead = await reader.ReadAsync(cancellation);
                    }

                    rows = ahead;
                    ahead = rows.Count == 0 ? [] : await reader.ReadAsync(cancellation);
                    next = new() { Result = new RowPiece(reader.Version, first ? reader.Columns : [], rows, ahead.Count == 0) };
                }
                catch (Exception e) when (Reply.IsAnswer(e))
                {
                    next = Reply.Failed<RowPiece>(e);
                }

                yield return next;
            }
            while (next.Result is { IsLast: false });
        }
        finally
        {
            if (reader is not null)
            {
                await reader.DisposeAsync();
            }
        }
    }
}
