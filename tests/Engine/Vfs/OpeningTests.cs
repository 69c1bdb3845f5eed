using Microsoft.Data.Sqlite;
using OrleansSqlite.Pages;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>What opens and what does not, and what a connection can't change.</summary>
public sealed class OpeningTests : IDisposable
{
    private const int CannotOpen = 14;
    private readonly Chain chain = new();

    public void Dispose() => chain.Dispose();

    [Fact]
    public void A_name_that_was_not_announced_is_refused()
    {
        using var connection = new SqliteConnection($"Data Source=/stored-0;Vfs={StoreVfs.Name};Pooling=False");
        Assert.Equal(CannotOpen, Assert.Throws<SqliteException>(connection.Open).SqliteErrorCode);
    }

    [Fact]
    public void An_announced_name_opens_once()
    {
        string name = StoreVfs.Announce(new ChainSession(chain));
        using var first = new SqliteConnection($"Data Source={name};Vfs={StoreVfs.Name};Pooling=False");
        first.Open();
        using var second = new SqliteConnection($"Data Source={name};Vfs={StoreVfs.Name};Pooling=False");
        Assert.Equal(CannotOpen, Assert.Throws<SqliteException>(second.Open).SqliteErrorCode);
        StoreVfs.Withdraw(StoreVfs.Announce(new ChainSession(chain)));
    }

    [Theory]
    [InlineData("other.db")]
    [InlineData("/tmp/other.db")]
    [InlineData("file:other.db?mode=rwc")]
    [InlineData("file:/stored-1")]
    public void ATTACH_of_a_file_is_refused(string file)
    {
        using var connection = chain.Open();
        connection.Run("CREATE TABLE t(v)");
        Assert.Equal(CannotOpen, connection.Try($"ATTACH '{file}' AS other"));
        Assert.False(File.Exists("other.db") || File.Exists("/tmp/other.db"));
        connection.Run("INSERT INTO t VALUES (1)");
    }

    [Fact]
    public void ATTACH_of_memory_is_fine_and_holds_data_of_the_connections_own()
    {
        using var connection = chain.Open();
        connection.Run("CREATE TABLE t(v); ATTACH ':memory:' AS m; CREATE TABLE m.u(v); INSERT INTO m.u VALUES (1), (2)");
        connection.Run("BEGIN; INSERT INTO t SELECT v FROM m.u; DELETE FROM m.u WHERE v = 1; COMMIT; BEGIN; DELETE FROM t; DELETE FROM m.u; ROLLBACK");
        Assert.Equal(["1", "2"], connection.Rows("SELECT v FROM t"));
        Assert.Equal(["2"], connection.Rows("SELECT v FROM m.u"));
        using var other = chain.Open();
        Assert.Equal(["t"], other.Rows("SELECT name FROM sqlite_schema"));
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("TRUNCATE")]
    [InlineData("PERSIST")]
    [InlineData("OFF")]
    [InlineData("WAL")]
    [InlineData("'wal'")]
    [InlineData("memory")]
    public void The_journal_mode_stays(string mode)
    {
        using var connection = chain.Open();
        connection.Run("CREATE TABLE t(v); INSERT INTO t VALUES (1)");
        foreach (string schema in new[] { "", "main." })
        {
            Assert.Equal(["memory"], connection.Rows($"PRAGMA {schema}journal_mode={mode}"));
            Assert.Equal(["memory"], connection.Rows($"PRAGMA {schema}journal_mode"));
        }

        connection.Run("BEGIN; DELETE FROM t; ROLLBACK; INSERT INTO t VALUES (2)");
        Assert.Equal(["1", "2"], connection.Rows("SELECT v FROM t"));
        Assert.Equal(1, PagesOf.One(chain.Tip, 1)[18]);
    }

    [Theory]
    [InlineData("EXCLUSIVE")]
    [InlineData("NORMAL")]
    public void The_locking_mode_stays(string mode)
    {
        using var connection = chain.Open();
        using var other = chain.Open();
        connection.Run("CREATE TABLE t(v)");
        foreach (string schema in new[] { "", "main." })
        {
            Assert.Equal(["normal"], connection.Rows($"PRAGMA {schema}locking_mode={mode}"));
            Assert.Equal(["normal"], connection.Rows($"PRAGMA {schema}locking_mode"));
        }

        connection.Run("INSERT INTO t VALUES (1)");
        other.Run("INSERT INTO t VALUES (2)");
        connection.Run("INSERT INTO t VALUES (3)");
        Assert.Equal(["1", "2", "3"], other.Rows("SELECT v FROM t"));
    }

    // SQLite would look for a WAL beside a file with this mark. There is none: what it held was folded in.
    [Fact]
    public void A_database_marked_as_WAL_opens_and_is_written()
    {
        using (var setup = chain.Open())
        {
            setup.Run("CREATE TABLE t(v); INSERT INTO t VALUES (1)");
        }

        byte[] header = PagesOf.One(chain.Tip, 1);
        header[18] = header[19] = 2;
        var block = Memory.Frame(1, header);
        chain.Set(chain.Tip.With([new(1, block)], header.Length, chain.Tip.PageCount, chain.NextEdit()));
        block.Release();

        using var connection = chain.Open();
        Assert.Equal(["1"], connection.Rows("SELECT v FROM t"));
        connection.Run("INSERT INTO t VALUES (2); BEGIN; INSERT INTO t VALUES (3); ROLLBACK");
        Assert.Equal(["1", "2"], connection.Rows("SELECT v FROM t"));
        Assert.Equal(1, PagesOf.One(chain.Tip, 1)[18]);
        connection.AssertSound();
    }

    // Before its first lock SQLite reads 100 bytes at 0, and learns the page size from them.
    [Fact]
    public unsafe void The_header_can_be_read_before_the_first_lock_and_holds_nothing()
    {
        using (var setup = chain.Open(8192))
        {
            setup.Run("CREATE TABLE t(v)");
        }

        using var file = new StoredFile(new ChainSession(chain));
        byte* header = stackalloc byte[100];
        Assert.Equal(Code.Ok, file.Read(header, 100, 0));
        Assert.True(new ReadOnlySpan<byte>(header, 100).SequenceEqual(PagesOf.One(chain.Tip, 1).AsSpan(0, 100)));
        Assert.Equal(chain.Tip.Bytes, file.Bytes);

        // It has let go of that state: a newer one is seen by the transaction that begins now.
        chain.Set(Snapshot.Empty());
        Assert.Equal(Code.Ok, file.Lock(Code.LockShared));
        Assert.Equal(0, file.Bytes);
        Assert.Equal(Code.ShortRead, file.Read(header, 100, 0));
        Assert.False(new ReadOnlySpan<byte>(header, 100).ContainsAnyExcept((byte)0));
        Assert.Equal(Code.Ok, file.Unlock(Code.LockNone));
    }

    [Fact]
    public void An_empty_database_is_read_and_stays_empty()
    {
        using var connection = chain.Open(out var session);
        Assert.Empty(connection.Rows("SELECT * FROM sqlite_schema"));
        Assert.Equal(["0"], connection.Rows("PRAGMA page_count"));
        connection.AssertSound();
        Assert.Equal(1, connection.Try("SELECT * FROM t"));
        connection.Run("BEGIN IMMEDIATE; ROLLBACK; BEGIN; COMMIT");
        Assert.Equal(0, session.CommitCalls);
        connection.Run("VACUUM");
        connection.Run("PRAGMA user_version=7");
        using var other = chain.Open();
        Assert.Equal(7, other.Number("PRAGMA user_version"));
        other.AssertSound();
    }

    // Applications set a folder for their data files; the names that the engine opens must not end up in it.
    [Fact]
    public void A_data_directory_of_the_application_changes_nothing()
    {
        object? before = AppDomain.CurrentDomain.GetData("DataDirectory");
        AppDomain.CurrentDomain.SetData("DataDirectory", "/data");
        try
        {
            using var connection = chain.Open();
            connection.Run("CREATE TABLE t(v)");
        }
        finally
        {
            AppDomain.CurrentDomain.SetData("DataDirectory", before);
        }

        Assert.Equal(1, chain.Commits);
    }

    // Statements of a transaction that may only read end with READONLY, and cost nothing else.
    [Fact]
    public void A_session_that_reserves_nothing_reads_on()
    {
        using var connection = chain.Open(out var session);
        connection.Run("CREATE TABLE t(v); INSERT INTO t VALUES (1)");
        session.ReserveAnswer = Code.ReadOnly;
        Assert.Equal(Code.ReadOnly, connection.Try("INSERT INTO t VALUES (2)"));
        Assert.Equal(Code.ReadOnly, connection.Try("BEGIN IMMEDIATE"));
        connection.Run("BEGIN");
        Assert.Equal(["1"], connection.Rows("SELECT v FROM t"));
        Assert.Equal(Code.ReadOnly, connection.Try("DELETE FROM t"));
        Assert.Equal(["1"], connection.Rows("SELECT v FROM t"));
        connection.Run("COMMIT");
        Assert.Equal(2, chain.Commits);
    }
}
