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
            Reply<RowPiece> next;
            bool first = true;
            do
            {
                // An iterator cannot give anything out of a catch.
                try
                {
                    reader ??= await database.QueryAsync(statement, level, cancellation);
                    var rows = await reader.ReadAsync(cancellation);
                    if (rows.Count == 0 && !first)
                    {
                        yield break;
                    }

                    next = new() { Result = new RowPiece(reader.Version, first ? reader.Columns : [], rows) };
                }
                catch (Exception e) when (Reply.IsAnswer(e))
                {
                    next = Reply.Failed<RowPiece>(e);
                }

                yield return next;
                first = false;
            }
            while (next.Result is { Rows.Count: > 0 });
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
