using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>A reader that is open across commits on its connection: it goes on, on the state of its transaction and its own commits.</summary>
public sealed class OpenReaderTests : IDisposable
{
    private readonly Chain chain = new();

    public OpenReaderTests() => Poison.FreedMemory();

    public void Dispose() => chain.Dispose();

    [Fact]
    public void It_sees_its_connections_commits_and_nobody_elses_until_it_ends()
    {
        using var connection = chain.Open();
        using var other = chain.Open();
        connection.Run("CREATE TABLE a(v); CREATE TABLE b(v); INSERT INTO a VALUES (1), (2), (3)");
        using (var open = new Cursor(connection, "SELECT v FROM a"))
        {
            Assert.Equal("1", open.Next());
            connection.Run("INSERT INTO b VALUES ('own')");
            Assert.Equal(["own"], connection.Rows("SELECT v FROM b"));
            other.Run("INSERT INTO b VALUES ('foreign'); DELETE FROM a");
            Assert.Equal(["own"], connection.Rows("SELECT v FROM b"));
            Assert.Equal("2", open.Next());

            // Its state is no longer the newest: it can't write on it.
            Assert.Equal(516, connection.Try("INSERT INTO b VALUES ('too late')"));
            Assert.Equal("3", open.Next());
        }

        Assert.Equal(["own", "foreign"], connection.Rows("SELECT v FROM b"));
        Assert.Empty(connection.Rows("SELECT v FROM a"));
        connection.Run("INSERT INTO b VALUES ('now')");
        connection.AssertSound();
    }

    // The pointers that SQLite took before a commit outlive the pages that the commit replaced.
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    [InlineData(65536)]
    public void It_gives_the_same_rows_as_on_plain_SQLite(int pageBytes)
    {
        using var connection = chain.Open(pageBytes);
        using var plain = new SqliteConnection("Data Source=:memory:");
        plain.Open();
        plain.Run($"PRAGMA page_size={pageBytes}");
        foreach (var each in new[] { connection, plain })
        {
            each.Run("CREATE TABLE a(id INTEGER PRIMARY KEY, v, n); CREATE INDEX by_n ON a(n); CREATE TABLE b(id INTEGER PRIMARY KEY, v);");
            each.Run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) INSERT INTO a SELECT i, printf('%0900d', i), i % 17 FROM n; INSERT INTO b SELECT id, v FROM a");
        }

        string[] queries =
        [
            "SELECT id, v FROM a",
            "SELECT id, v FROM b ORDER BY id DESC",
            "SELECT a.id, b.v FROM a JOIN b USING (id) WHERE a.n > 3",
            "SELECT id, n FROM a INDEXED BY by_n WHERE n BETWEEN 2 AND 9",
        ];
        string[] writes =
        [
            "INSERT INTO b(v) SELECT v || 'x' FROM a WHERE id < 50",
            "UPDATE a SET v = substr(v, 2) WHERE id % 5 = 0",
            "DELETE FROM b WHERE id % 7 = 0",
            "BEGIN; UPDATE b SET v = 'short'; ROLLBACK",
            "UPDATE b SET v = v || v WHERE id % 11 = 0",
            "BEGIN; DELETE FROM a WHERE id > 300; INSERT INTO a SELECT id, v, 1 FROM b WHERE id BETWEEN 310 AND 320; COMMIT",
        ];
        foreach (string query in queries)
        {
            Assert.Equal(Interleaved(plain, query, writes), Interleaved(connection, query, writes));
            connection.AssertSound();
        }
    }

    [Fact]
    public void A_foreign_VACUUM_does_not_reach_it()
    {
        using var connection = chain.Open(512);
        using var other = chain.Open();
        connection.Run("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
        connection.Run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO t SELECT i, printf('%0400d', i) FROM n");
        using var open = new Cursor(connection, "SELECT id, CAST(v AS INTEGER) FROM t");
        Assert.Equal("1|1", open.Next());
        other.Run("DELETE FROM t WHERE id <> 200; VACUUM; UPDATE t SET v = 'other'");
        other.Run("PRAGMA page_size=8192; VACUUM");
        for (int i = 2; i <= 300; i++)
        {
            Assert.Equal($"{i}|{i}", open.Next());
        }

        Assert.Null(open.Next());
        Assert.Equal(["200|other"], connection.Rows("SELECT * FROM t"));
    }

    private static List<string> Interleaved(SqliteConnection connection, string query, string[] writes)
    {
        List<string> seen = [];
        using var open = new Cursor(connection, query);
        for (int i = 0; open.Next() is { } row; i++)
        {
            seen.Add(row);
            if (i % 6 == 0 && i / 6 < writes.Length)
            {
                seen.Add($"{connection.Try(writes[i / 6])}");
            }
        }

        return seen;
    }
}
