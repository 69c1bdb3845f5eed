using System.Text;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.Transactions;
using SQLitePCL;

namespace OrleansSqlite.Combining;

/// <summary>What is done with a transaction from the inbox.</summary>
internal enum InboxTask
{
    /// <summary>It is somebody else's: it runs within limits, and is returned if they don't do.</summary>
    Carry,

    /// <summary>It is this process's own.</summary>
    CarryOwn,

    /// <summary>It is this process's own, and is not to take effect any more.</summary>
    Withdraw,
}

/// <summary>
/// A transaction from the inbox, run here: what it does and what became of it are one commit. Run by several processes, or again and again by one,
/// it takes effect once; for all others its outcome stands there already.
/// </summary>
internal sealed class InboxTransaction(InboxEntry entry, InboxTask task, Action<InboxTransaction> ended, CancellationToken cancellation)
    : EngineTransaction(cancellation)
{
    /// <summary>How long somebody else's statements may take before they are interrupted.</summary>
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(2);

    private const long MaxForeignBytes = 16L << 20;
    private const int MaxResultBytes = 16 << 10;
    private const int MaxForeignResultBytes = 8 << 20;
    private IReadOnlyList<StatementResult>? results;

    /// <summary>Whether somebody here still waits for it; null if that is not known.</summary>
    public Func<bool>? IsWaiting { get; init; }

    /// <summary>Which one.</summary>
    public InboxEntry Entry => entry;

    /// <summary>What became of it, and is durable; null if it is not known.</summary>
    public InboxOutcome? Outcome { get; private set; }

    /// <summary>Whether somebody else's commit has decided that.</summary>
    public bool WasDecided { get; private set; }

    /// <summary>Its results, if it ran here.</summary>
    public IReadOnlyList<StatementResult>? Results => results;

    /// <summary>Why its outcome is not known.</summary>
    public Exception? Error { get; private set; }

    /// <inheritdoc/>
    public override bool HasCaller => false;

    /// <inheritdoc/>
    public override long MaxBytes(DatabaseOptions options) =>
        task == InboxTask.Carry ? Math.Min(MaxForeignBytes, options.TransactionBytes) : options.TransactionBytes;

    /// <inheritdoc/>
    public override void Run(WriteConnection connection)
    {
        var runner = connection.Runner();
        results = null;
        try
        {
            using var interrupt = Cancellation.UnsafeRegister(static handle => raw.sqlite3_interrupt((sqlite3)handle!), runner.Handle);
            runner.Command("BEGIN IMMEDIATE");
            Outcome = InboxLog.Find(runner, entry.Id);
            WasDecided = Outcome is not null;
            if (Outcome is null)
            {
                RequireEpoch(connection);
                Outcome = Decide(runner, connection);
                Outcome = Outcome with { Version = Outcome.Version == 0 ? connection.NextVersion : Outcome.Version };
                InboxLog.Record(runner, connection, entry.Id, Outcome);
            }

            connection.AllowCommit(exactVersion: !WasDecided);
            runner.Command("COMMIT");
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
        ended(this);
    }

    /// <inheritdoc/>
    public override void Fail(Exception error)
    {
        Answered();
        (Outcome, Error) = (null, error);
        ended(this);
    }

    /// <summary>
    /// A restore takes outcomes back that were told. So what was left before it runs after it only where its owner is, who knows that it was told
    /// nothing.
    /// </summary>
    private void RequireEpoch(WriteConnection connection)
    {
        if (task != InboxTask.Withdraw && entry.CollectionEpoch != connection.CollectionEpoch && IsWaiting?.Invoke() != true)
        {
            throw new OperationCanceledException($"The write {entry.Id} was left in another collection epoch.");
        }
    }

    private InboxOutcome Decide(StatementRunner runner, WriteConnection connection)
    {
        if (task == InboxTask.Withdraw)
        {
            return InboxOutcome.Withdrawn;
        }

        using var limit = task == InboxTask.Carry ? new CancellationTokenSource(TimeLimit, connection.Context.Time) : new CancellationTokenSource();
        try
        {
            using var interrupt = limit.Token.UnsafeRegister(static handle => raw.sqlite3_interrupt((sqlite3)handle!), runner.Handle);
            if (entry.Telling is { } telling)
            {
                if (telling.Settings != runner.Settings)
                {
                    return InboxOutcome.Returned("its connection is set otherwise than this one");
                }

                if (telling.Statements.Count > 0)
                {
                    return DecideTold(runner, connection, telling, limit.Token);
                }
            }

            List<StatementResult> given = [];
            if (BatchRun.Run(runner, connection, entry.Batch, given, limit.Token) is { } earlier)
            {
                return InboxOutcome.Repeated(earlier);
            }

            var outcome = Keep(InboxOutcome.Done(given), connection);
            results = given;
            return outcome;
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !Cancellation.IsCancellationRequested)
        {
            return Undo(runner, InboxOutcome.Returned("its statements take too long"), e);
        }
        catch (DatabaseException e) when (task == InboxTask.Carry && e.Code == ErrorCodes.LimitExceeded)
        {
            return Undo(runner, InboxOutcome.Returned("it is too large"), e);
        }
        catch (DatabaseException e) when (e.Kind == ErrorKind.Invalid && entry.Telling is { Statements.Count: > 0 })
        {
            return Undo(runner, InboxOutcome.Returned("it would meet an error that its caller has not met"), e);
        }
        catch (DatabaseException e) when (e.Kind == ErrorKind.Invalid)
        {
            return Undo(runner, InboxOutcome.Failed(e), e);
        }
    }

    private InboxOutcome DecideTold(StatementRunner runner, WriteConnection connection, Telling telling, CancellationToken limit)
    {
        string? operation = entry.Batch.OperationId;
        if (operation is not null && OperationLog.FindVersion(runner, operation) is { } version)
        {
            return InboxOutcome.Repeated(new OperationLog.Entry(version, []));
        }

        if (ToldRun.Run(runner, entry.Batch, telling, limit) is { } difference)
        {
            return Undo(runner, InboxOutcome.Returned(difference), null);
        }

        if (operation is not null)
        {
            OperationLog.RecordTold(runner, connection, operation);
        }

        return InboxOutcome.Done(results = []);
    }

    /// <summary>Large results go to an object of their own, before the commit that names it. Each run has its own: they may differ.</summary>
    private InboxOutcome Keep(InboxOutcome done, WriteConnection connection)
    {
        byte[] json = Encoding.UTF8.GetBytes(done.Detail!);
        if (json.Length <= MaxResultBytes)
        {
            return done;
        }

        var context = connection.Context;
        if (task == InboxTask.Carry && json.Length > MaxForeignResultBytes)
        {
            throw new DatabaseException(ErrorKind.Invalid, ErrorCodes.LimitExceeded, "Its results are too large.");
        }

        string key = context.Keys.InboxResults(entry.Id, context.Entropy.Next128());
        context.Segments.Wait(WriteAsync(context.Store, key, InboxResults.Encode(json)));
        return new InboxOutcome(InboxOutcomeKind.DoneWithObject, 0, key);
    }

    private static async Task<ReadOnlyMemory<byte>> WriteAsync(IObjectStore store, string key, byte[] content)
    {
        await store.WriteAsync(key, content, CancellationToken.None).ConfigureAwait(false);
        return default;
    }

    /// <summary>Takes back what the statements did, so that only the outcome is committed.</summary>
    private static InboxOutcome Undo(StatementRunner runner, InboxOutcome outcome, Exception? error)
    {
        if (!runner.TryRenew())
        {
            throw error ?? new InvalidOperationException("A transaction could not be rolled back.");
        }

        runner.Command("BEGIN IMMEDIATE");
        return outcome;
    }
}
