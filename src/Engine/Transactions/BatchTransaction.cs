using OrleansSqlite.Combining;
using OrleansSqlite.Commit;
using SQLitePCL;

namespace OrleansSqlite.Transactions;

/// <summary>A batch of statements as a transaction: what it gives goes out only after its commit.</summary>
internal sealed class BatchTransaction(Batch batch, CancellationToken cancellation) : EngineTransaction(cancellation), ILeavable
{
    private readonly TaskCompletionSource<BatchResult> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private const int Running = 0, Committing = 1, Withdrawn = 2;

    private int state;
    private bool isWanted = true;
    private List<StatementResult> results = [];
    private OperationLog.Entry? earlier;

    /// <summary>The answer.</summary>
    public Task<BatchResult> Done => done.Task;

    /// <summary>What it does.</summary>
    public Batch Batch => batch;

    /// <summary>Nothing in it says on which version or on whose connection.</summary>
    public override bool CanBeLeft => isWanted && batch.ExpectedVersion is null && !SqlText.IsVacuum(batch);

    /// <summary>Answers the caller: somebody else has carried it.</summary>
    public void Complete(BatchResult carried)
    {
        Answered();
        done.TrySetResult(carried);
    }

    /// <inheritdoc/>
    public void GoBack(WriteQueue queue)
    {
        isWanted = false;
        queue.PutBack([this]);
        queue.Kick();
    }

    /// <inheritdoc/>
    public override void Run(WriteConnection connection)
    {
        Interlocked.CompareExchange(ref state, Running, Committing);
        var runner = connection.Runner();
        results = new List<StatementResult>(batch.Statements.Count);
        earlier = null;
        try
        {
            // Ends before the connection may be closed below: a closed one can't be interrupted.
            using var interrupt = Cancellation.UnsafeRegister(static handle => raw.sqlite3_interrupt((sqlite3)handle!), runner.Handle);
            using var withdrawal = Cancellation.UnsafeRegister(transaction => _ = ((BatchTransaction)transaction!).WithdrawSoonAsync(connection.Context.Time), this);
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
        BeginCommit();
        BatchRun.CheckVersion(batch, connection);
        connection.AllowCommit(false);
        runner.CountFromZero();
        if (connection.PageBytes > 0)
        {
            // What was set when the connection was opened, for a database that is empty, is not meant for this one.
            runner.Command($"PRAGMA page_size={connection.PageBytes}");
        }

        BatchRun.RunStatements(runner, batch, results, isVacuum: true, Cancellation);
    }

    private void Transact(StatementRunner runner, WriteConnection connection)
    {
        runner.Command("BEGIN IMMEDIATE");
        earlier = BatchRun.Run(runner, connection, batch, results, Cancellation);
        Cancellation.ThrowIfCancellationRequested();
        BeginCommit();
        connection.AllowCommit(batch.OperationId is not null);
        runner.Command("COMMIT");
    }

    /// <summary>From here on a cancellation waits for the swap; unless the caller was told already that nothing has happened.</summary>
    private void BeginCommit()
    {
        if (Interlocked.CompareExchange(ref state, Committing, Running) == Withdrawn)
        {
            throw new OperationCanceledException(Cancellation);
        }
    }

    /// <summary>Tells the caller that it is cancelled, though a statement that does not end still runs: it will not get as far as to commit.</summary>
    private async Task WithdrawSoonAsync(TimeProvider time)
    {
        await Task.Delay(InterruptedWork.Grace, time, CancellationToken.None).ConfigureAwait(false);
        if (Interlocked.CompareExchange(ref state, Withdrawn, Running) == Running)
        {
            Fail(new OperationCanceledException(Cancellation));
        }
    }
}
