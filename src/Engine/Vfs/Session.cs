using OrleansSqlite.Pages;

namespace OrleansSqlite.Vfs;

/// <summary>What a connection's database file stands on: which snapshot its transactions see, whether it may write, what a commit does.</summary>
internal abstract class Session
{
    /// <summary>The error behind the result code that SQLite was last given, for the message to the caller.</summary>
    public Exception? Failure { get; set; }

    /// <summary>How much memory the pages that one transaction changes may take, in bytes.</summary>
    public virtual long TransactionBytes => long.MaxValue;

    /// <summary>The snapshot for a transaction that begins now, with a reference for the file.</summary>
    public abstract Snapshot Begin();

    /// <summary>The state to look at while no transaction runs (SQLite asks for the header and the size), with a reference for the file.</summary>
    public virtual Snapshot Peek() => Begin();

    /// <summary>The transaction that began is over, and its snapshot let go.</summary>
    public virtual void Ended()
    {
    }

    /// <summary>May the transaction write? <see cref="Code.Ok"/>, or the refusal.</summary>
    public abstract int Reserve();

    /// <summary>The commit point: the pages that the transaction changed. <see cref="Code.Ok"/> lets SQLite report success.</summary>
    /// <param name="snapshot">The snapshot that the transaction ran on.</param>
    /// <param name="changes">Its pages; taken over if the answer is <see cref="Code.Ok"/>.</param>
    /// <param name="next">The state after it, with a reference for the file.</param>
    public abstract int Commit(Snapshot snapshot, Overlay changes, out Snapshot? next);
}
