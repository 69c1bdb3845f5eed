using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>SQLite's own backup, in both directions, and what comes in between.</summary>
public sealed class BackupTests : IDisposable
{
    private readonly Chain chain = new();

    public void Dispose() => chain.Dispose();

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    [InlineData(65536)]
    public void Out_of_a_stored_database(int pageBytes)
    {
        using var stored = chain.Open(pageBytes);
        Fill(stored, 300);
        using var plain = Plain();
        stored.BackupDatabase(plain);
        Assert.Equal(stored.Rows("SELECT * FROM t"), plain.Rows("SELECT * FROM t"));
        plain.AssertSound();
    }

    [Theory]
    [InlineData(1024, 1024)]
    [InlineData(512, 4096)]
    [InlineData(4096, 512)]
    [InlineData(4096, 1024)]
    [InlineData(65536, 512)]
    public void Into_a_stored_database(int from, int to)
    {
        using var plain = Plain();
        plain.Run($"PRAGMA page_size={from}");
        Fill(plain, 200);
        using var stored = chain.Open(to);
        using var other = chain.Open();
        Fill(stored, 50);
        other.Rows("SELECT * FROM t");
        plain.BackupDatabase(stored);
        Assert.Equal(plain.Rows("SELECT * FROM t"), stored.Rows("SELECT * FROM t"));
        Assert.Equal(plain.Rows("SELECT * FROM t"), other.Rows("SELECT * FROM t"));
        Assert.Equal(from, chain.Tip.PageBytes);
        other.AssertSound();
        other.Run("INSERT INTO t VALUES (NULL, 'after')");
        stored.AssertSound();
    }

    [Fact]
    public void Into_an_empty_one_and_from_an_empty_one()
    {
        using var plain = Plain();
        Fill(plain, 100);
        using var stored = chain.Open();
        plain.BackupDatabase(stored);
        Assert.Equal(100, stored.Number("SELECT count(*) FROM t"));
        using var empty = Plain();
        empty.BackupDatabase(stored);
        Assert.Empty(stored.Rows("SELECT * FROM sqlite_schema"));
        stored.AssertSound();
    }

    // A foreign commit between two steps starts the backup over: its result is one state, not a mixture.
    [Fact]
    public void A_foreign_commit_between_two_steps()
    {
        using var stored = chain.Open(512);
        using var other = chain.Open();
        Fill(stored, 300);
        using var plain = Plain();
        using var backup = raw.sqlite3_backup_init(plain.Handle, "main", stored.Handle, "main");
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_backup_step(backup, 50));
        other.Run("UPDATE t SET v = 'new' || v");
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_backup_step(backup, 50));
        stored.Run("DELETE FROM t WHERE id % 2 = 0");
        int code;
        while ((code = raw.sqlite3_backup_step(backup, 50)) == raw.SQLITE_OK)
        {
        }

        Assert.Equal(raw.SQLITE_DONE, code);
        backup.Dispose();
        Assert.Equal(stored.Rows("SELECT * FROM t"), plain.Rows("SELECT * FROM t"));
        plain.AssertSound();
    }

    [Fact]
    public async Task Both_ways_in_closures()
    {
        await using var rivalry = await Rivalry.OpenAsync(new DatabaseOptions { InlineBytes = 4096 });
        using var plain = Plain();
        Fill(plain, 400);
        await rivalry.My.ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
        using var copy = Plain();
        await rivalry.Its.ReadAsync(connection =>
        {
            connection.BackupDatabase(copy);
            return 0;
        });
        Assert.Equal(0, copy.Number("SELECT count(*) FROM t"));

        // A closure is inside of its transaction already, and a backup makes one of its own.
        await Assert.ThrowsAsync<SqliteException>(() => rivalry.My.WriteAsync(connection =>
        {
            plain.BackupDatabase(connection);
            return 0;
        }));
        await rivalry.My.WriteAsync(connection =>
        {
            foreach (string row in plain.Rows("SELECT v FROM t"))
            {
                connection.Run($"INSERT INTO t(v) VALUES ('{row}')");
            }

            return 0;
        });
        await rivalry.AssertSameAndSoundAsync();
    }

    // SQL can't name a file of the machine, not even through another VFS.
    [Fact]
    public void VACUUM_INTO_makes_no_file()
    {
        using var stored = chain.Open();
        Fill(stored, 100);
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sqlite");
        Assert.Equal(14, stored.Try($"VACUUM INTO '{file}'"));
        Assert.Equal(14, stored.Try($"VACUUM INTO 'file:{file}?vfs=unix'"));
        Assert.False(File.Exists(file));
        Assert.Equal(100, stored.Number("SELECT count(*) FROM t"));
    }

    private static SqliteConnection Plain()
    {
        var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        return connection;
    }

    private static void Fill(SqliteConnection connection, int rows) => connection.Run(
        $"CREATE TABLE t(id INTEGER PRIMARY KEY, v); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO t SELECT i, printf('%0400d', i * {rows}) FROM n");
}
