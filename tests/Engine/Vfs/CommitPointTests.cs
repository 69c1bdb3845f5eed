using Microsoft.Data.Sqlite;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>The commit point is FCNTL_SYNC: reached once, after all pages, and its answer is COMMIT's.</summary>
public sealed class CommitPointTests : IDisposable
{
    private const int CacheSpill = 12;
    private readonly Chain chain = new();

    public void Dispose() => chain.Dispose();

    [Theory]
    [InlineData("OFF")]
    [InlineData("NORMAL")]
    [InlineData("FULL")]
    [InlineData("EXTRA")]
    public void Each_commit_reaches_it_once_whatever_synchronous_says(string synchronous)
    {
        using var connection = chain.Open(out var session);
        connection.Run($"PRAGMA synchronous={synchronous}; CREATE TABLE t(v); INSERT INTO t VALUES (1);");
        connection.Run("BEGIN; INSERT INTO t VALUES (2); UPDATE t SET v = v + 10; COMMIT; BEGIN; SELECT * FROM t; COMMIT;");
        Assert.Equal(3, session.CommitCalls);
        Assert.Equal(3, chain.Commits);
        using var other = chain.Open();
        Assert.Equal(["11", "12"], other.Rows("SELECT v FROM t"));
    }

    // What the notes tried at this hook: each of them ends COMMIT cleanly, with its own code.
    [Theory]
    [InlineData(4)]
    [InlineData(516)]
    [InlineData(8)]
    [InlineData(10)]
    [InlineData(1034)]
    [InlineData(13)]
    [InlineData(19)]
    [InlineData(23)]
    public void A_refusal_rolls_back_and_leaves_the_connection_and_its_readers_as_they_were(int code)
    {
        using var connection = chain.Open(out var session);
        connection.Run("CREATE TABLE t(v); INSERT INTO t VALUES ('a'), ('b'), ('c'); CREATE TABLE u(v);");
        byte[] before = PagesOf.All(chain.Tip);

        using var open = new Cursor(connection, "SELECT v FROM t");
        Assert.Equal("a", open.Next());
        session.CommitAnswer = code;
        connection.Run("BEGIN; UPDATE t SET v = v || '!'; INSERT INTO u VALUES (1)");
        Assert.Equal(code, connection.Try("COMMIT"));
        Assert.False(connection.InTransaction());
        Assert.Equal("b", open.Next());
        Assert.Equal("c", open.Next());
        Assert.Null(open.Next());
        Assert.Equal(code, connection.Try("DELETE FROM t"));
        Assert.Equal(["a", "b", "c"], connection.Rows("SELECT v FROM t"));
        Assert.Equal(before, PagesOf.All(chain.Tip));

        session.CommitAnswer = Code.Ok;
        connection.Run("INSERT INTO u VALUES (2)");
        Assert.Equal(["2"], connection.Rows("SELECT v FROM u"));
        connection.AssertSound();
    }

    [Theory]
    [InlineData(516)]
    [InlineData(1034)]
    public void The_provider_hands_the_code_on(int code)
    {
        using var connection = chain.Open(out var session);
        connection.Run("CREATE TABLE t(v)");
        session.CommitAnswer = code;
        using (var transaction = connection.BeginTransaction())
        {
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "INSERT INTO t VALUES (1)";
            command.ExecuteNonQuery();
            Assert.Equal(code, Assert.Throws<SqliteException>(transaction.Commit).SqliteExtendedErrorCode);
        }

        Assert.Empty(connection.Rows("SELECT * FROM t"));
    }

    [Fact]
    public void Busy_keeps_the_transaction_open_and_a_second_COMMIT_commits_it()
    {
        using var connection = chain.Open(out var session);
        connection.Run("CREATE TABLE t(v); BEGIN; INSERT INTO t VALUES (1)");
        session.CommitAnswer = Code.Busy;
        Assert.Equal(Code.Busy, connection.Try("COMMIT"));
        Assert.True(connection.InTransaction());
        Assert.Equal(1, chain.Commits);
        session.CommitAnswer = Code.Ok;
        connection.Run("COMMIT");
        Assert.Equal(2, chain.Commits);
        using var other = chain.Open();
        Assert.Equal(["1"], other.Rows("SELECT v FROM t"));
    }

    [Fact]
    public void Busy_and_then_ROLLBACK_commits_nothing()
    {
        using var connection = chain.Open(out var session);
        connection.Run("CREATE TABLE t(v); BEGIN; INSERT INTO t VALUES (1)");
        session.CommitAnswer = Code.Busy;
        Assert.Equal(Code.Busy, connection.Try("COMMIT"));
        session.CommitAnswer = Code.Ok;
        connection.Run("ROLLBACK");
        Assert.Equal(1, chain.Commits);
        Assert.Empty(connection.Rows("SELECT v FROM t"));
        connection.Run("INSERT INTO t VALUES (2)");
        Assert.Equal(["2"], connection.Rows("SELECT v FROM t"));
    }

    // SQLite writes pages early when its cache is full, and plays its journal back over them: a sync, but no commit.
    [Theory]
    [InlineData("ROLLBACK")]
    [InlineData("SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; ROLLBACK")]
    [InlineData("INSERT OR ROLLBACK INTO t SELECT 1, zeroblob(900)")]
    public void A_roll_back_after_a_spill_is_no_commit(string end)
    {
        using var connection = chain.Open(out var session, 1024);
        connection.Run("CREATE TABLE t(id INTEGER PRIMARY KEY, b); CREATE INDEX i ON t(b)");
        connection.Run(Fill(0, 200));
        byte[] before = PagesOf.All(chain.Tip);
        int calls = session.CommitCalls;

        connection.Run("PRAGMA cache_size=10; PRAGMA cache_spill=10; BEGIN");
        connection.Status(CacheSpill);
        connection.Run(Fill(200, 1200) + "UPDATE t SET b = randomblob(500)");
        Assert.True(connection.Status(CacheSpill) > 100, "the cache was to spill");
        _ = connection.Try(end);
        Assert.False(connection.InTransaction());
        Assert.Equal(calls, session.CommitCalls);
        Assert.Equal(before, PagesOf.All(chain.Tip));
        Assert.Equal(200, connection.Number("SELECT count(*) FROM t"));
        connection.AssertSound();
    }

    [Fact]
    public void A_roll_back_of_the_first_transaction_after_a_spill_leaves_an_empty_database()
    {
        using var connection = chain.Open(out var session, 512);
        connection.Run("PRAGMA cache_size=5; PRAGMA cache_spill=5; BEGIN; CREATE TABLE t(id INTEGER PRIMARY KEY, b)");
        connection.Status(CacheSpill);
        connection.Run(Fill(0, 500));
        Assert.True(connection.Status(CacheSpill) > 100, "the cache was to spill");
        connection.Run("ROLLBACK");
        Assert.Equal(0, session.CommitCalls);
        Assert.Equal(0u, chain.Tip.PageCount);
        connection.Run("CREATE TABLE t(id INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 2)");
        using var other = chain.Open();
        Assert.Equal(["1|2"], other.Rows("SELECT * FROM t"));
    }

    [Fact]
    public void What_spilled_before_a_commit_is_part_of_it()
    {
        using var connection = chain.Open(out var session, 1024);
        connection.Run("PRAGMA cache_size=10; PRAGMA cache_spill=10; CREATE TABLE t(id INTEGER PRIMARY KEY, b); BEGIN");
        connection.Run(Fill(0, 300) + "SAVEPOINT s;" + Fill(300, 600) + "ROLLBACK TO s;" + Fill(600, 900));
        connection.Run("COMMIT");
        Assert.Equal(2, session.CommitCalls);
        using var other = chain.Open();
        Assert.Equal(["600|0|899"], other.Rows("SELECT count(*), min(id), max(id) FROM t"));
        Assert.Equal(0, other.Number("SELECT count(*) FROM t WHERE id BETWEEN 300 AND 599"));
        other.AssertSound();
    }

    // A statement that fails half-way undoes itself alone: journal_mode=MEMORY, where OFF could not.
    [Fact]
    public void A_failed_statement_undoes_itself_alone()
    {
        using var connection = chain.Open(out _, 512);
        connection.Run("PRAGMA cache_size=5; PRAGMA cache_spill=5; CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE, b)");
        connection.Run("BEGIN; INSERT INTO t VALUES (1, 0, NULL)");
        Assert.Equal(2067, connection.Try(
            "WITH RECURSIVE n(i) AS (SELECT 400 UNION ALL SELECT i - 1 FROM n WHERE i > 0) INSERT INTO t SELECT NULL, i, randomblob(300) FROM n"));
        connection.Run("INSERT INTO t VALUES (2, 2, NULL); COMMIT");
        Assert.Equal(["1|0", "2|2"], connection.Rows("SELECT id, u FROM t"));
        connection.AssertSound();
    }

    private static string Fill(int from, int to) =>
        $"WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to - 1}) INSERT INTO t(id, b) SELECT i, randomblob(400) FROM n;";
}
