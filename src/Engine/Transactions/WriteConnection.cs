using Microsoft.Data.Sqlite;
using OrleansSqlite.Commit;
using OrleansSqlite.Pages;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Transactions;

/// <summary>
/// The connections that the writes of one database run on, one write at a time. Its commit point stacks the transaction:
/// SQLite's COMMIT succeeds at once, the caller is answered when the swap has landed.
/// </summary>
internal sealed class WriteConnection(DatabaseContext context, Speculation speculation)
{
    private readonly WriteSession session = new(context, speculation);
    private StatementRunner? runner;
    private object? runnerSchema;
    private bool runnerRan;

    /// <summary>The database.</summary>
    public DatabaseContext Context => context;

    /// <summary>The version that will carry the running transaction.</summary>
    public long NextVersion { get; private set; }

    /// <summary>The collection epoch of the newest durable version below the running transaction.</summary>
    public ulong CollectionEpoch => speculation.Current?.Head.CollectionEpoch ?? 0;

    /// <summary>The page size of the state that the transaction runs on, in bytes; 0 if that is empty.</summary>
    public int PageBytes => session.PageBytes;

    /// <summary>Whether nothing is stacked below the running transaction: it sees exactly the newest durable version.</summary>
    public bool OnDurable => speculation.TipIsDurable;

    /// <summary>Runs a transaction on the tip of the stack.</summary>
    /// <returns>False if it was refused because the tip has moved on: then it is to run again.</returns>
    public bool TryRun(EngineTransaction transaction)
    {
        transaction.Reset();
        var (snapshot, version) = speculation.Begin();
        NextVersion = version;
        session.Begin(transaction, snapshot);
        try
        {
            runnerRan = false;
            if (transaction.LeftAs?.Obstacle(context, snapshot, CollectionEpoch) is { } obstacle)
            {
                transaction.Verdict = obstacle;
                return speculation.TryStackUnchanged(transaction, snapshot);
            }

            transaction.Run(this);
            if (runnerRan && session.SchemaAfter is { } schema)
            {
                // The connection has the schema that its own transaction left: should that be lost, so is the connection.
                runnerSchema = schema;
            }

            return session.HasStacked || speculation.TryStackUnchanged(transaction, snapshot);
        }
        catch (Exception e)
        {
            if (runner is not null && !runner.TryRenew())
            {
                CloseRunner();
            }

            if (session.WasRefused)
            {
                return false;
            }

            bool wasStopped = e is Stores.StoreException or DatabaseException { Kind: ErrorKind.Unavailable or ErrorKind.Internal }
                || transaction.Cancellation.IsCancellationRequested;
            if (!wasStopped && !session.HasStacked)
            {
                // What it met may be a neighbour's doing that never becomes durable: the error, a closure's own too, waits for its swap.
                transaction.Verdict = e;
                return speculation.TryStackUnchanged(transaction, snapshot);
            }

            if (!session.HasStacked)
            {
                throw;
            }

            transaction.Verdict = e;
            if (!transaction.CommitsByItself)
            {
                // SQLite reports a failure after its commit point: the pages are on their way, whatever the caller is told.
                transaction.Verdict = Errors.OutcomeUnknown(context.Name, version, e);
                speculation.Refuse(e);
            }

            return true;
        }
        finally
        {
            session.End();
            snapshot.Release();
        }
    }

    /// <summary>The connection for batches: kept, because statements that could leave traces on it are refused.</summary>
    public StatementRunner Runner()
    {
        // Made under another schema, it could take a table of a lost transaction for one of the rival's.
        if (!ReferenceEquals(runnerSchema, session.Schema))
        {
            CloseRunner();
        }

        runnerSchema = session.Schema;
        runnerRan = true;
        return runner ??= new StatementRunner(context, session, StatementGuard.ForWriting);
    }

    /// <summary>A connection for one closure: new, because a closure may leave whatever it likes on it.</summary>
    public SqliteConnection OpenForClosure() => Connections.Open(session, context.Options.PageBytes);

    /// <summary>From here on SQLite may reach the commit point: everything the caller is to be told is known.</summary>
    /// <param name="exactVersion">Whether the transaction has recorded <see cref="NextVersion"/>, so that no other may carry it.</param>
    public void AllowCommit(bool exactVersion) => session.AllowCommit(exactVersion ? NextVersion : -1);

    /// <summary>What went wrong below SQLite in the running transaction, if something did.</summary>
    public Exception? Failure => session.Failure;

    /// <summary>Closes the connection for batches: the running one has left traces on it.</summary>
    public void CloseRunner()
    {
        runner?.Dispose();
        runner = null;
    }

    private sealed class WriteSession(DatabaseContext context, Speculation speculation) : Session
    {
        private WriteTransaction? running;
        private Snapshot? current;
        private bool commitAllowed;
        private long version;

        public override long TransactionBytes => running?.MaxBytes(context.Options) ?? context.Options.TransactionBytes;

        public bool HasStacked { get; private set; }

        public object? SchemaAfter { get; private set; }

        public bool WasRefused { get; private set; }

        public object? Schema => current?.Schema;

        public int PageBytes => current?.PageBytes ?? 0;

        public void Begin(WriteTransaction transaction, Snapshot snapshot)
        {
            running = transaction;
            current = snapshot;
            commitAllowed = HasStacked = WasRefused = false;
            SchemaAfter = null;
            Failure = null;
        }

        public void AllowCommit(long exactVersion)
        {
            commitAllowed = true;
            version = exactVersion;
        }

        public void End()
        {
            running = null;
            current = null;
        }

        public override Snapshot Begin() =>
            current?.Share() ?? throw new InvalidOperationException("The connection is used outside of its transaction.");

        public override int Reserve() => running is null ? Code.ReadOnly : Code.Ok;

        public override int Commit(Snapshot snapshot, Overlay changes, out Snapshot? next)
        {
            next = null;
            if (!commitAllowed || running is null)
            {
                Failure = new DatabaseException(
                    ErrorKind.Invalid,
                    ErrorCodes.NotAllowed,
                    "The transaction is committed when the closure returns: take COMMIT and END out of it.");
                return Code.IoFsync;
            }

            if (HasStacked || !speculation.TryStack(running, snapshot, version, changes, out next))
            {
                WasRefused = !HasStacked;
                return Code.AbortRollback;
            }

            HasStacked = true;
            SchemaAfter = next!.Schema;
            return Code.Ok;
        }
    }
}
