using Microsoft.Data.Sqlite;
using OrleansSqlite.Pages;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>One database in memory, state after state, without a store: what a session needs below it, and nothing else.</summary>
internal sealed class Chain : IDisposable
{
    private long edits;

    /// <summary>The newest state.</summary>
    public Snapshot Tip { get; private set; } = Snapshot.Empty();

    /// <summary>How many commits it has taken.</summary>
    public int Commits { get; private set; }

    /// <summary>Makes a state the newest one; it is taken over.</summary>
    public void Set(Snapshot snapshot)
    {
        Tip.Release();
        Tip = snapshot;
    }

    /// <summary>A number for an edit of a page table.</summary>
    public long NextEdit() => Interlocked.Increment(ref edits);

    /// <summary>Takes the pages of a transaction. The result is for the file that ran it.</summary>
    public Snapshot Commit(Overlay changes)
    {
        var pages = changes.Freeze();
        var next = Tip.With(pages, changes.PageBytes, changes.PageCount, NextEdit());
        foreach (var block in pages.Values)
        {
            block.Release();
        }

        Set(next);
        Commits++;
        return next.Share();
    }

    /// <summary>A connection of its own, with the session that it stands on.</summary>
    public SqliteConnection Open(out ChainSession session, int pageBytes = 4096)
    {
        session = new ChainSession(this);
        return Connections.Open(session, pageBytes);
    }

    /// <summary>A connection of its own.</summary>
    public SqliteConnection Open(int pageBytes = 4096) => Open(out _, pageBytes);

    public void Dispose() => Tip.Release();
}

/// <summary>A session whose answers a test decides.</summary>
internal sealed class ChainSession(Chain chain) : Session
{
    /// <summary>What the commit point answers.</summary>
    public int CommitAnswer { get; set; }

    /// <summary>What a transaction that begins to write is answered.</summary>
    public int ReserveAnswer { get; set; }

    /// <summary>How often the commit point was reached.</summary>
    public int CommitCalls { get; private set; }

    /// <summary>Thrown by the next calls, if set.</summary>
    public Exception? Throws { get; set; }

    public override Snapshot Begin() => Throws is null ? chain.Tip.Share() : throw Throws;

    public override int Reserve() => Throws is null ? ReserveAnswer : throw Throws;

    public override int Commit(Snapshot snapshot, Overlay changes, out Snapshot? next)
    {
        CommitCalls++;
        next = null;
        if (Throws is not null)
        {
            throw Throws;
        }

        if (CommitAnswer != Code.Ok)
        {
            return CommitAnswer;
        }

        if (!ReferenceEquals(snapshot.Identity, chain.Tip.Identity))
        {
            return Code.AbortRollback;
        }

        next = chain.Commit(changes);
        return Code.Ok;
    }
}
