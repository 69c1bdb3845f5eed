using Microsoft.Data.Sqlite;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Pages;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>What goes wrong below SQLite comes up as a result code, with the reason on the session; the connection lives on.</summary>
public sealed class FailureTests : IDisposable
{
    private const int IoRead = 266;
    private const int Corrupt = 11;
    private readonly Chain chain = new();
    private readonly Shelf shelf = new();

    public void Dispose()
    {
        chain.Dispose();
        shelf.Dispose();
    }

    [Fact]
    public void A_store_that_fails_is_an_error_of_the_statement_alone()
    {
        using var connection = chain.Open(out var session);
        Fill(connection);
        chain.Set(shelf.Put(chain.Tip));
        var failure = new InvalidOperationException("A broken wire.");
        shelf.Store.OnRead = _ => throw failure;
        Assert.Equal(IoRead, connection.Try("SELECT sum(length(v)) FROM t"));
        Assert.Same(failure, session.Failure);
        Assert.Equal(IoRead, connection.Try("INSERT INTO t VALUES (1)"));
        Assert.Equal(IoRead, connection.Try("BEGIN IMMEDIATE"));

        shelf.Store.OnRead = null;
        Assert.Equal(300, connection.Number("SELECT count(*) FROM t"));
        connection.Run("INSERT INTO t VALUES ('after')");
        connection.AssertSound();
    }

    // SQLite rolls a transaction back that met an I/O error, be it in a SELECT: so nothing is ever built on half of what was asked for.
    [Fact]
    public void A_transaction_that_met_a_failure_is_rolled_back()
    {
        using (var setup = chain.Open())
        {
            Fill(setup);
        }

        chain.Set(shelf.Put(chain.Tip));
        int commits = chain.Commits;
        using var connection = chain.Open();
        connection.Run("BEGIN; INSERT INTO u VALUES (1)");
        shelf.Store.OnRead = _ => throw new InvalidOperationException("A broken wire.");
        Assert.Equal(IoRead, connection.Try("SELECT sum(length(v)) FROM t"));
        shelf.Store.OnRead = null;
        Assert.False(connection.InTransaction());
        Assert.Empty(connection.Rows("SELECT v FROM u"));
        Assert.Equal(commits, chain.Commits);
        connection.Run("INSERT INTO u SELECT count(*) FROM t");
        Assert.Equal(["300"], connection.Rows("SELECT v FROM u"));
        connection.AssertSound();
    }

    // Each kind of failure has the code that SQLite and the caller can tell it by.
    [Fact]
    public void Failures_are_told_apart()
    {
        using var connection = chain.Open();
        Fill(connection);
        chain.Set(shelf.Put(chain.Tip));
        foreach (var (failure, code) in new (Exception, int)[]
        {
            (new DatabaseException(ErrorKind.Corrupt, ErrorCodes.Damaged, "A flipped bit."), Corrupt),
            (new StoreException(StoreFailure.Full, "memory:", null, "Full."), Code.Full),
            (new InsufficientMemoryException(), Code.NoMemory),
            (new StoreException(StoreFailure.Missing, "memory:", "a/segments/1", "Gone."), IoRead),
        })
        {
            shelf.Store.OnRead = _ => throw failure;
            Assert.Equal(code, connection.Try("SELECT sum(length(v)) FROM t"));
        }

        shelf.Store.OnRead = null;
        connection.AssertSound();
    }

    [Fact]
    public void Exceptions_at_every_hook_become_codes()
    {
        using var connection = chain.Open(out var session);
        connection.Run("CREATE TABLE t(v); INSERT INTO t VALUES (1)");
        session.Throws = new InvalidOperationException("A bug.");
        Assert.Equal(Code.IoLock, connection.Try("SELECT * FROM t"));
        Assert.Same(session.Throws, session.Failure);
        session.Throws = null;
        connection.Run("BEGIN; SELECT * FROM t");
        session.Throws = new InvalidOperationException("A bug.");
        Assert.Equal(Code.IoLock, connection.Try("INSERT INTO t VALUES (2)"));
        session.Throws = null;

        // SQLite has rolled back by itself, as it does after every I/O error of a write.
        Assert.False(connection.InTransaction());
        connection.Run("BEGIN; INSERT INTO t VALUES (2)");
        session.Throws = new InvalidOperationException("A bug.");
        Assert.Equal(Code.IoFsync, connection.Try("COMMIT"));
        session.Throws = null;
        Assert.False(connection.InTransaction());
        Assert.Equal(["1"], connection.Rows("SELECT v FROM t"));
        connection.Run("INSERT INTO t VALUES (3)");
        Assert.Equal(["1", "3"], connection.Rows("SELECT v FROM t"));
        connection.AssertSound();
    }

    // SQLite asks whether its cache is still good. If that question fails, its cache is of the state before.
    [Fact]
    public void A_state_whose_first_page_could_not_be_read_is_not_taken_for_the_cached_one()
    {
        using var connection = chain.Open();
        connection.Run("CREATE TABLE t(v); INSERT INTO t VALUES ('---')");
        var below = chain.Tip.Share();
        connection.Run("UPDATE t SET v = 'one'; BEGIN IMMEDIATE; SELECT * FROM t; ROLLBACK");
        chain.Set(below);
        using (var rival = chain.Open())
        {
            rival.Run("UPDATE t SET v = 'two'");
        }

        chain.Set(shelf.Put(chain.Tip));
        shelf.Store.OnRead = _ => throw new InvalidOperationException("A broken wire.");
        Assert.Equal(IoRead, connection.Try("SELECT * FROM t"));
        shelf.Store.OnRead = null;
        connection.Run("BEGIN IMMEDIATE");
        Assert.Equal("two", connection.One("SELECT v FROM t"));
        connection.Run("COMMIT");
    }

    // VACUUM to another page size gathers its pages anew at the commit point; a page that can't be had there ends it cleanly.
    [Fact]
    public void A_failure_while_a_new_page_size_is_gathered_ends_the_VACUUM_cleanly()
    {
        using var connection = chain.Open(out var session);
        Fill(connection);
        byte[] before = PagesOf.All(chain.Tip);
        connection.Run("PRAGMA page_size=1024");
        session.CommitAnswer = 1034;
        Assert.Equal(1034, connection.Try("VACUUM"));
        Assert.Equal(before, PagesOf.All(chain.Tip));
        session.CommitAnswer = Code.Ok;
        connection.Run("VACUUM");
        Assert.Equal(1024, chain.Tip.PageBytes);
        connection.AssertSound();
    }

    /// <summary>Too much for one request, so that some of it is still to be read when a statement runs.</summary>
    private static void Fill(SqliteConnection connection) => connection.Run(
        "CREATE TABLE t(v); CREATE TABLE u(v); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO t SELECT randomblob(5000) FROM n");
}
