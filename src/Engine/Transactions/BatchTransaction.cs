using OrleansSqlite.Commit;
using SQLitePCL;

namespace OrleansSqlite.Transactions;

/// <summary>A batch of statements as a transaction: what it gives goes out only after its commit.</summary>
internal sealed class BatchTransaction(Batch batch, CancellationToken cancellation) : EngineTransaction(cancellation)
{
    private readonly TaskCompletionSource<BatchResult> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<StatementResult> results = [];
    private OperationLog.Entry? earlier;

    /// <summary>The answer.</summary>
    public Task<BatchResult> Done => done.Task;

    /// <inheritdoc/>
    public override void Run(WriteConnection connection)
    {
        var runner = connection.Runner();
        results = new List<StatementResult>(batch.Statements.Count);
        earlier = null;
        try
        {
            // Ends before the connection may be closed below: a closed one can't be interrupted.
            using var interrupt = Cancellation.UnsafeRegister(static handle => raw.sqlite3_interrupt((sqlite3)handle!), runner.Handle);
            if (SqlText.IsVacuum(batch))
            {
                // It can't run in a transaction: the batch runs statement by statement.
                Vacuum(runner, connection);
            }
            else
            {
                Transact(runner, connection);
            }
        }
        catch (OperationCanceledException) when (Cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(Cancellation);
        }
        finally
        {
            if (runner.LeavesTraces)
            {
                connection.CloseRunner();
            }
        }
    }

    /// <inheritdoc/>
    public override void Complete(long version)
    {
        Answered();
        done.TrySetResult(earlier is { } entry ? new BatchResult(entry.Version, entry.Results, true) : new BatchResult(version, results));
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

    private void Vacuum(StatementRunner runner, WriteConnection connection)
    {
        if (batch.OperationId is not null)
        {
            throw runner.Invalid(ErrorCodes.BadArgument, "VACUUM takes no operation id: it may be repeated at any time.");
        }

        CommitsByItself = true;
        CheckVersion(connection);
        connection.AllowCommit(false);
        runner.CountFromZero();
        if (connection.PageBytes > 0)
        {
            // What was set when the connection was opened, for a database that is empty, is not meant for this one.
            runner.Command($"PRAGMA page_size={connection.PageBytes}");
        }

        RunStatements(runner, isVacuum: true);
    }

    private void Transact(StatementRunner runner, WriteConnection connection)
    {
        runner.Command("BEGIN IMMEDIATE");
        if (batch.OperationId is null || !OperationLog.TryFind(runner, batch, out earlier))
        {
            // After the look-up: what took effect once is answered, whatever the version is by now.
            CheckVersion(connection);
            runner.CountFromZero();
            RunStatements(runner, isVacuum: false);
            if (batch.OperationId is not null)
            {
                OperationLog.Record(runner, connection, batch, results);
            }
        }

        Cancellation.ThrowIfCancellationRequested();
        connection.AllowCommit(batch.OperationId is not null);
        runner.Command("COMMIT");
    }

    private void RunStatements(StatementRunner runner, bool isVacuum)
    {
        for (int i = 0; i < batch.Statements.Count; i++)
        {
            // An interrupt is lost on a connection at rest: one that came between two statements is noticed here.
            Cancellation.ThrowIfCancellationRequested();
            try
            {
                bool isLast = i == batch.Statements.Count - 1;
                if (isVacuum && !isLast)
                {
                    // The settings wait on the connection for the VACUUM. By itself, one of an empty database would commit.
                    runner.Command("BEGIN");
                    runner.Run(batch.Statements[i], results);
                    runner.Command("ROLLBACK");
                }
                else
                {
                    runner.Run(batch.Statements[i], results, isVacuum);
                }
            }
            catch (DatabaseException e) when (e.Statement is null && batch.Statements.Count > 1)
            {
                throw new DatabaseException(e.Kind, e.Code, $"Statement {i + 1} of {batch.Statements.Count}: {e.Message}", e)
                {
                    Database = e.Database,
                    Object = e.Object,
                    SqliteCode = e.SqliteCode,
                    Statement = i,
                };
            }
        }
    }

    private void CheckVersion(WriteConnection connection)
    {
        if (batch.ExpectedVersion is { } expected && (expected != connection.NextVersion - 1 || !connection.OnDurable))
        {
            throw new DatabaseException(
                ErrorKind.Conflict,
                ErrorCodes.VersionMismatch,
                $"The batch was meant for version {expected} of '{connection.Context.Name}', which is at {connection.NextVersion - 1}. Read again and decide anew.")
            {
                Database = connection.Context.Name,
                Version = connection.NextVersion - 1,
            };
        }
    }
}
