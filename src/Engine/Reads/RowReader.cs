using OrleansSqlite.Commit;
using OrleansSqlite.Pages;
using OrleansSqlite.Transactions;
using SQLitePCL;

namespace OrleansSqlite.Reads;

/// <summary>
/// A running query. Its rows are made in pieces, on the engine's threads, when the consumer asks for them: a slow consumer
/// holds a snapshot, but no thread.
/// </summary>
internal sealed class RowReader : IRowReader
{
    private const int PieceRows = 512;
    private const int PieceBytes = 256 << 10;
    private readonly DatabaseContext context;
    private readonly EngineThreads threads;
    private readonly ReadPool pool;
    private readonly Snapshot snapshot;
    private readonly Statement query;
    private readonly SemaphoreSlim one = new(1, 1);
    private ReadConnection? connection;
    private sqlite3_stmt? statement;
    private int step;
    private IReadOnlyList<IReadOnlyList<SqlValue>>? first;
    private Exception? failure;
    private Task running = Task.CompletedTask;
    private bool ended;
    private bool disposed;

    private RowReader(DatabaseContext context, EngineThreads threads, ReadPool pool, DurableHead head, Statement query)
    {
        this.query = query;
        this.context = context;
        this.threads = threads;
        this.pool = pool;
        snapshot = head.Snapshot;
        Version = head.Version;
    }

    /// <inheritdoc/>
    public long Version { get; }

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; private set; } = [];

    /// <summary>Begins a query on a head whose snapshot it takes over.</summary>
    public static async Task<RowReader> BeginAsync(
        DatabaseContext context, EngineThreads threads, ReadPool pool, DurableHead head, Statement query, CancellationToken cancellation)
    {
        var reader = new RowReader(context, threads, pool, head, query);
        try
        {
            // With the first rows: most queries have no more, and each way to the threads costs as much as a point query.
            reader.first = await reader.OnThreadAsync(reader.First, cancellation).ConfigureAwait(false);
            return reader;
        }
        catch
        {
            await reader.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<IReadOnlyList<SqlValue>>> ReadAsync(CancellationToken cancellation = default)
    {
        await one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (first is { } ready)
            {
                first = null;
                return ready;
            }

            return failure is not null ? throw Again(failure) : ended ? [] : await OnThreadAsync(Piece, cancellation).ConfigureAwait(false);
        }
        finally
        {
            one.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await one.WaitAsync().ConfigureAwait(false);
        try
        {
            if (disposed)
            {
                return;
            }

            disposed = true;
            InterruptedWork.Free(running, Release);
        }
        finally
        {
            one.Release();
        }
    }

    private void Release()
    {
        if (connection is not null)
        {
            if (statement is not null)
            {
                connection.Runner.EndQuery(query, statement);
            }

            pool.Return(connection);
            connection = null;
        }

        snapshot.Release();
    }

    private IReadOnlyList<IReadOnlyList<SqlValue>> First()
    {
        connection = pool.Rent(snapshot);
        statement = connection.Runner.CompileQuery(query);

        // The first step compiles the statement again if the schema has changed, so the columns are known only after it.
        step = raw.sqlite3_step(statement);
        Columns = StatementRunner.Columns(statement);
        return step is raw.SQLITE_ROW or raw.SQLITE_DONE ? Piece() : throw connection.Runner.Failed(raw.sqlite3_reset(statement));
    }

    private IReadOnlyList<IReadOnlyList<SqlValue>> Piece()
    {
        List<IReadOnlyList<SqlValue>> rows = [];
        long bytes = 0;
        while (rows.Count < PieceRows && bytes < PieceBytes)
        {
            if (step == raw.SQLITE_ROW)
            {
                rows.Add(StatementRunner.Row(statement!, Columns.Count, ref bytes));
                step = raw.sqlite3_step(statement!);
                continue;
            }

            ended = true;
            if (step != raw.SQLITE_DONE)
            {
                // Kept: who asks again must not take the failure for the end of the rows.
                throw failure = connection!.Runner.Failed(raw.sqlite3_reset(statement!));
            }

            break;
        }

        return rows;
    }

    private async Task<T> OnThreadAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        try
        {
            var run = threads.RunAsync(() =>
            {
                cancellation.ThrowIfCancellationRequested();
                using var interrupt = cancellation.UnsafeRegister(
                    static reader => Interrupt((RowReader)reader!), this);
                return work();
            });
            running = run;
            return await InterruptedWork.EndAsync(run, context.Time, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw failure = new OperationCanceledException(cancellation);
        }
        catch (Stores.StoreException e)
        {
            throw Errors.FromStore(context.Name, e);
        }
    }

    private static Exception Again(Exception failure) => failure switch
    {
        DatabaseException known => new DatabaseException(known.Kind, known.Code, known.Message, known) { Database = known.Database, Object = known.Object, SqliteCode = known.SqliteCode },
        OperationCanceledException => new OperationCanceledException("The query was interrupted earlier.", failure),
        _ => failure,
    };

    private static void Interrupt(RowReader reader)
    {
        if (reader.connection is { } running)
        {
            raw.sqlite3_interrupt(running.Runner.Handle);
        }
    }
}
