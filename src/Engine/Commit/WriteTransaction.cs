using OrleansSqlite.Combining;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Commit;

/// <summary>
/// A write on its way: waits for its turn, runs, is stacked on the state before it, and is answered when the swap that carries it
/// has landed. A lost race puts it back in the queue.
/// </summary>
internal abstract class WriteTransaction
{
    private CancellationTokenRegistration registration;

    protected WriteTransaction(CancellationToken cancellation)
    {
        Cancellation = cancellation;
        Place = new LinkedListNode<WriteTransaction>(this);
    }

    /// <summary>Its place in the queue, while it waits there.</summary>
    public LinkedListNode<WriteTransaction> Place { get; }

    /// <summary>Ends the waiting and the running; not a swap that is under way.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>How often it lost a race.</summary>
    public int Losses { get; set; }

    /// <summary>When it was first queued, by the monotonic clock.</summary>
    public long QueuedAt { get; set; }

    /// <summary>How many were queued up to it: its place in the order, also when it runs again.</summary>
    public long Number { get; set; }

    /// <summary>The pages that it changed, once it is stacked; null if it changed nothing.</summary>
    public uint[]? Pages { get; set; }

    /// <summary>The tables that it touched, once it is stacked.</summary>
    public IReadOnlyList<string> Tables { get; set; } = [];

    /// <summary>The page size that it left.</summary>
    public int PageBytes { get; set; }

    /// <summary>The error to answer with. It counts only if the state that it was met on is, or becomes, durable.</summary>
    public Exception? Verdict { get; set; }

    /// <summary>Whether somebody here waits for it, who may come back with the next one.</summary>
    public virtual bool HasCaller => true;

    /// <summary>Whether others may run it in its place: it can be told them, and they have not sent it back.</summary>
    public virtual bool CanBeLeft => false;

    /// <summary>As what it lies in the inbox, or lay there before it came back; null if it never did.</summary>
    public LeftAs? LeftAs { get; set; }

    /// <summary>The most memory that its changed pages may take, in bytes.</summary>
    public virtual long MaxBytes(DatabaseOptions options) => options.TransactionBytes;

    /// <summary>Its turn has come: runs, and is stacked. It has the turn until this returns.</summary>
    /// <param name="connection">The connections for transactions that the engine runs.</param>
    /// <returns>False if the tip has moved on meanwhile: then it is to have another turn.</returns>
    public abstract bool TakeTurn(WriteConnection connection);

    /// <summary>Answers the caller: it is durable.</summary>
    public abstract void Complete(long version);

    /// <summary>Answers the caller: it was not applied (or, if the error says so, nobody knows).</summary>
    public abstract void Fail(Exception error);

    /// <summary>What happens when it is cancelled, until it is answered. To be said before anybody can answer it.</summary>
    public void OnCancelled(Action<WriteTransaction> withdraw)
    {
        if (Cancellation.CanBeCanceled)
        {
            registration = Cancellation.UnsafeRegister(_ => withdraw(this), null);
        }
    }

    /// <summary>It is answered: cancelling it no longer means anything.</summary>
    public void Answered() => registration.Unregister();

    /// <summary>Forgets what a run left behind, before the next one.</summary>
    public void Reset()
    {
        Pages = null;
        Verdict = null;
    }
}

/// <summary>A write that the engine runs, on one of its own threads and connections.</summary>
internal abstract class EngineTransaction(CancellationToken cancellation) : WriteTransaction(cancellation)
{
    /// <summary>Whether its statements commit one by one (VACUUM): then an error may follow a commit without being a doubt.</summary>
    public bool CommitsByItself { get; protected set; }

    /// <summary>Runs on a connection whose turn it is. Returns once the transaction is committed to the stack, or throws.</summary>
    public abstract void Run(WriteConnection connection);

    /// <inheritdoc/>
    public sealed override bool TakeTurn(WriteConnection connection) => connection.TryRun(this);
}
