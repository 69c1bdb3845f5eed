namespace OrleansSqlite.Client;

/// <summary>The rows of a query that runs in a grain.</summary>
internal sealed class GrainRows : IRowReader
{
    /// <summary>Pieces in one message. Each has up to 256 KiB of rows.</summary>
    public const int PiecesAtOnce = 4;

    private readonly string database;
    private readonly IAsyncEnumerator<Reply<RowPiece>> pieces;
    private IReadOnlyList<IReadOnlyList<SqlValue>>? first;
    private bool ended;

    private GrainRows(string database, IAsyncEnumerator<Reply<RowPiece>> pieces, RowPiece piece)
    {
        this.database = database;
        this.pieces = pieces;
        first = piece.Rows;
        ended = piece.IsLast;
        Version = piece.Version;
        Columns = piece.Columns;
    }

    /// <inheritdoc/>
    public long Version { get; }

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; }

    /// <summary>Begins a query: its first piece tells whether it is one.</summary>
    public static async Task<Reply<IRowReader>> BeginAsync(string database, IAsyncEnumerable<Reply<RowPiece>> pieces, CancellationToken cancellation)
    {
        var enumerator = pieces.GetAsyncEnumerator(cancellation);
        try
        {
            if (!await enumerator.MoveNextAsync().ConfigureAwait(false))
            {
                throw new InvalidOperationException("The grain ended a query before its first piece.");
            }

            var reply = enumerator.Current;
            if (reply.Result is { } piece)
            {
                var rows = new GrainRows(database, enumerator, piece);
                enumerator = null;
                return new() { Result = rows };
            }

            return new() { Fault = reply.Fault, IsCancelled = reply.IsCancelled };
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return new() { IsCancelled = true };
        }
        finally
        {
            if (enumerator is not null)
            {
                await enumerator.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<IReadOnlyList<SqlValue>>> ReadAsync(CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        if (first is { } ready)
        {
            first = null;
            return ready;
        }

        if (ended || !await NextAsync().ConfigureAwait(false))
        {
            ended = true;
            return [];
        }

        var piece = pieces.Current.Get();
        ended = piece.IsLast;
        return piece.Rows;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => pieces.DisposeAsync();

    private async Task<bool> NextAsync()
    {
        try
        {
            return await pieces.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (DatabaseException or OperationCanceledException))
        {
            throw new DatabaseException(
                ErrorKind.Unavailable,
                ErrorCodes.StoreUnavailable,
                $"The silo that reads '{database}' went away in the middle of a query ({e.Message}). Run the query again.",
                e)
            { Database = database };
        }
    }
}
