using Microsoft.Data.Sqlite;
using OrleansSqlite.Combining;
using OrleansSqlite.Commit;
using SQLitePCL;

namespace OrleansSqlite.Transactions;

/// <summary>A closure over an ordinary connection as a transaction. It runs again, the closure included, when a race is lost.</summary>
internal abstract class ClosureTransaction(CancellationToken cancellation) : EngineTransaction(cancellation), ILeavable
{
    private bool isWanted = true;

    /// <inheritdoc/>
    public override bool CanBeLeft => isWanted;

    /// <summary>Runs the closure in a transaction that was begun, and keeps what it gives: for when somebody else carries that transaction.</summary>
    public abstract void RunOn(SqliteConnection connection);

    /// <inheritdoc/>
    public void Complete(BatchResult carried) => Complete(carried.Version);

    /// <inheritdoc/>
    public void GoBack(WriteQueue queue)
    {
        isWanted = false;
        queue.PutBack([this]);
        queue.Kick();
    }
}

/// <summary>A closure that gives a value.</summary>
internal sealed class ClosureTransaction<T>(Func<SqliteConnection, T> work, CancellationToken cancellation) : ClosureTransaction(cancellation)
{
    private readonly TaskCompletionSource<WriteResult<T>> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? result;

    /// <summary>The answer.</summary>
    public Task<WriteResult<T>> Done => done.Task;

    /// <inheritdoc/>
    public override void RunOn(SqliteConnection connection) => result = work(connection);

    /// <inheritdoc/>
    public override void Run(WriteConnection connection)
    {
        using var opened = connection.OpenForClosure();
        using var interrupt = Cancellation.UnsafeRegister(static handle => raw.sqlite3_interrupt((sqlite3)handle!), opened.Handle!);
        try
        {
            Execute(opened, "BEGIN IMMEDIATE");
            result = work(opened);
            Cancellation.ThrowIfCancellationRequested();
            if (raw.sqlite3_get_autocommit(opened.Handle) != 0)
            {
                throw new DatabaseException(
                    ErrorKind.Invalid, ErrorCodes.NotAllowed, "The closure ended its transaction by itself (ROLLBACK, or a conflict clause that rolls back). Nothing was written.");
            }

            connection.AllowCommit(false);
            Execute(opened, "COMMIT");
        }
        catch (Exception e) when (Cancellation.IsCancellationRequested && e is SqliteException or OperationCanceledException)
        {
            throw new OperationCanceledException(Cancellation);
        }
        catch (SqliteException e) when (SqliteErrors.Behind(connection.Context.Name, e, connection.Failure) is DatabaseException behind)
        {
            throw behind;
        }
    }

    /// <inheritdoc/>
    public override void Complete(long version)
    {
        Answered();
        done.TrySetResult(new WriteResult<T>(version, result!));
    }

    /// <inheritdoc/>
    public override void Fail(Exception error)
    {
        Answered();
        if (error is OperationCanceledException cancelled)
        {
            done.TrySetCanceled(cancelled.CancellationToken);
        }
        else
        {
            done.TrySetException(error);
        }
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        int code = raw.sqlite3_exec(connection.Handle, sql);
        SqliteException.ThrowExceptionForRC(code, connection.Handle);
    }
}
