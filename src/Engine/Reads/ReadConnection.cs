using OrleansSqlite.Commit;
using OrleansSqlite.Pages;
using OrleansSqlite.Transactions;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Reads;

/// <summary>A session whose transactions see the snapshot that it was given, and write nothing.</summary>
internal sealed class ReadSession : Session
{
    /// <summary>The snapshot for the next transaction; whoever sets it holds it.</summary>
    public Snapshot? Snapshot { get; set; }

    /// <inheritdoc/>
    public override Snapshot Begin() =>
        Snapshot?.Share() ?? throw new InvalidOperationException("The connection is used outside of its read.");

    /// <inheritdoc/>
    public override int Reserve() => Code.ReadOnly;

    /// <inheritdoc/>
    public override int Commit(Snapshot snapshot, Overlay changes, out Snapshot? next)
    {
        next = null;
        return Code.ReadOnly;
    }
}

/// <summary>A connection for queries: kept for the next one, with its compiled schema.</summary>
internal sealed class ReadConnection : IDisposable
{
    private ReadConnection(ReadSession session, StatementRunner runner, object schema)
    {
        Session = session;
        Runner = runner;
        Schema = schema;
    }

    /// <summary>The schema of the states that it may stand on: what it has parsed and compiled is valid for no other.</summary>
    public object Schema { get; }

    /// <summary>What it stands on.</summary>
    public ReadSession Session { get; }

    /// <summary>What compiles and runs its statements.</summary>
    public StatementRunner Runner { get; }

    /// <summary>Opens one on a snapshot.</summary>
    public static ReadConnection Open(DatabaseContext context, Snapshot snapshot)
    {
        var session = new ReadSession { Snapshot = snapshot };
        return new ReadConnection(session, new StatementRunner(context, session, StatementGuard.ForReading), snapshot.Schema);
    }

    /// <inheritdoc/>
    public void Dispose() => Runner.Dispose();
}
