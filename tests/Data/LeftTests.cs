using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Combining;

namespace OrleansSqlite.Tests.Data;

/// <summary>
/// In a crowd a connection leaves its commits to whoever wins the next swap. Here that is always the rival: nothing is left to be seen of it, but who has
/// swapped.
/// </summary>
public sealed class LeftTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v UNIQUE, w); INSERT INTO t(v, w) VALUES ('one', 1)";

    [Fact]
    public async Task A_transaction_is_carried_by_a_rival()
    {
        await using var pair = await CrowdAsync();
        var connection = pair.Connect();
        using (var transaction = connection.BeginTransaction())
        {
            Assert.Equal(1, connection.Execute("INSERT INTO t(v, w) VALUES ($v, $w)", ("$v", "two"), ("w", 2)));
            Assert.Equal("1", connection.Rows("SELECT w FROM t WHERE v = 'one'"));
            Assert.Equal(2, connection.Execute("UPDATE t SET w = w + 10"));
            transaction.Commit();
        }

        AssertCarried(pair, 1);
        Assert.Equal("1,one,11;2,two,12", pair.Look("SELECT * FROM t"));
        Assert.Equal("1,one,11;2,two,12", connection.Rows("SELECT * FROM t"));
        Assert.Equal("2,2", connection.Rows("SELECT last_insert_rowid(), changes()"));
        Assert.Equal(connection.CommitVersion, long.Parse(pair.Look($"SELECT version FROM {InboxLog.Table}"), null));
    }

    [Fact]
    public async Task The_connection_goes_on_afterwards()
    {
        await using var pair = await CrowdAsync();
        var connection = pair.Connect();
        for (int i = 0; i < 3; i++)
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute("INSERT INTO t(v) VALUES ($v)", ("$v", i));
            transaction.Save("here");
            connection.Execute("DELETE FROM t");
            transaction.Rollback("here");
            transaction.Commit();
        }

        AssertCarried(pair, 3);
        Assert.Equal("0;1;2;one", pair.Look("SELECT v FROM t ORDER BY v"));
    }

    [Fact]
    public async Task What_would_be_told_otherwise_comes_back_as_a_conflict()
    {
        await using var pair = await CrowdAsync();
        var connection = pair.Connect();
        using var transaction = connection.BeginTransaction();
        long w = (long)connection.Scalar("SELECT w FROM t WHERE v = 'one'")!;
        connection.Execute("UPDATE t SET w = $w WHERE v = 'one'", ("$w", w + 1));
        pair.Rival("UPDATE t SET w = 5");
        var error = Assert.Throws<OrleansSqliteException>(transaction.Commit);
        Assert.Equal((516, ErrorKind.Conflict), (error.SqliteExtendedErrorCode, error.Kind));
        Assert.Equal("5", pair.Look("SELECT w FROM t"));
        Assert.Equal("", pair.Look($"SELECT 1 FROM {InboxLog.Table} WHERE kind = {(int)InboxOutcomeKind.Done}"));
    }

    [Fact]
    public async Task Errors_that_were_caught_are_told_again()
    {
        await using var pair = await CrowdAsync();
        var connection = pair.Connect();
        using (var transaction = connection.BeginTransaction())
        {
            Assert.Throws<SqliteException>(() => connection.Execute("INSERT INTO t(v) VALUES ('one')"));
            Assert.Throws<SqliteException>(() => connection.Execute("INSERT INTO nowhere VALUES (1)"));
            connection.Execute("INSERT INTO t(v) VALUES ('two')");
            transaction.Commit();
        }

        AssertCarried(pair, 1);
        Assert.Equal("one;two", pair.Look("SELECT v FROM t ORDER BY v"));
    }

    [Fact]
    public async Task An_error_that_a_rival_has_made_is_one()
    {
        await using var pair = await CrowdAsync();
        var connection = pair.Connect();
        using var transaction = connection.BeginTransaction();
        connection.Execute("INSERT INTO t(v) VALUES ('two')");
        pair.Rival("INSERT INTO t(v) VALUES ('two')");
        Assert.Throws<OrleansSqliteException>(transaction.Commit);
        Assert.Equal("1", pair.Look("SELECT count(*) FROM t WHERE v = 'two'"));
    }

    [Fact]
    public async Task A_statement_by_itself_tells_what_it_did_where_it_was_carried()
    {
        await using var pair = await CrowdAsync();
        var connection = pair.Connect();
        pair.Rival("INSERT INTO t(v) VALUES ('two')");
        Assert.Equal("3,three", connection.Rows("INSERT INTO t(v) VALUES ('three') RETURNING id, v"));
        Assert.Equal(3, connection.Execute("UPDATE t SET w = 0"));
        Assert.Equal("3", connection.Rows("SELECT changes()"));
        Assert.Equal(1, connection.Execute("INSERT INTO t(v) VALUES ('four')"));
        Assert.Equal("4,1", connection.Rows("SELECT last_insert_rowid(), changes()"));
        Assert.Equal(0, connection.Execute("DELETE FROM t WHERE v = 'nobody'"));
        Assert.Equal("4,0", connection.Rows("SELECT last_insert_rowid(), changes()"));
        // The last one has changed nothing, so that there was nothing to commit.
        AssertCarried(pair, 3);
        Assert.Equal("1,one,0;2,two,0;3,three,0;4,four,NULL", pair.Look("SELECT * FROM t"));
    }

    [Fact]
    public async Task A_statement_by_itself_meets_its_errors_at_home()
    {
        await using var pair = await CrowdAsync();
        var connection = pair.Connect();
        var error = Assert.Throws<SqliteException>(() => connection.Execute("INSERT INTO t(v) VALUES ('one')"));
        Assert.Equal(2067, error.SqliteExtendedErrorCode);
        pair.Rival("INSERT INTO t(v) VALUES ('two')");
        error = Assert.Throws<SqliteException>(() => connection.Execute("INSERT INTO t(v) VALUES ('two')"));
        Assert.Equal(2067, error.SqliteExtendedErrorCode);
        Assert.Equal(2, connection.Execute("UPDATE t SET w = 7"));
    }

    [Fact]
    public async Task Values_arrive_as_the_provider_binds_them()
    {
        await using var pair = await CrowdAsync();
        var connection = pair.Connect();
        const string insert = "INSERT INTO t(v, w) VALUES ($v, $w)";
        object?[] values =
        [
            null, true, 'x', 1.5, 0.1f, 12.50m, (byte)7, (short)-3, long.MinValue, double.PositiveInfinity, -0.0, "a\0b", "ä€😀", Array.Empty<byte>(), new byte[] { 0, 255 },
            new DateTime(2026, 1, 2, 3, 4, 5, 678), new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)), new DateOnly(2026, 1, 2), new TimeOnly(3, 4), TimeSpan.FromHours(30),
            Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), DayOfWeek.Friday,
        ];
        using (var transaction = connection.BeginTransaction())
        {
            for (int i = 0; i < values.Length; i++)
            {
                connection.Execute(insert, ("$v", $"left {i}"), ("$w", values[i]));
            }

            transaction.Commit();
        }

        AssertCarried(pair, 1);
        using var plain = new SqliteConnection("Data Source=:memory:");
        plain.Open();
        plain.Execute("CREATE TABLE t(v, w)");
        for (int i = 0; i < values.Length; i++)
        {
            plain.Execute(insert, ("$v", $"left {i}"), ("$w", values[i]));
        }

        const string look = "SELECT v, typeof(w), quote(w), hex(w) FROM t WHERE v LIKE 'left %' ORDER BY rowid";
        Assert.Equal(plain.Rows(look), connection.Rows(look));
    }

    [Theory]
    [InlineData("CREATE TEMP TABLE t(id INTEGER PRIMARY KEY, v, w)", "one")]
    [InlineData("PRAGMA recursive_triggers=1", "one;x")]
    [InlineData("PRAGMA reverse_unordered_selects=1", "one;x")]
    [InlineData("PRAGMA case_sensitive_like=1", "one;x")]
    public async Task A_connection_that_is_set_otherwise_commits_by_itself(string setting, string after)
    {
        await using var pair = await CrowdAsync();
        var connection = pair.Connect();
        connection.Execute(setting);
        using (var transaction = connection.BeginTransaction())
        {
            connection.Execute("INSERT INTO main.t(v) SELECT 'x' WHERE NOT EXISTS (SELECT 1 FROM temp.sqlite_schema)");
            connection.Execute("INSERT INTO t(v) SELECT 'y' WHERE EXISTS (SELECT 1 FROM temp.sqlite_schema)");
            transaction.Commit();
        }

        Assert.Equal(after, pair.Look("SELECT v FROM t ORDER BY v"));
        Assert.Equal(after == "one" ? 2 : 3, pair.Here.Requests.SwapsDone);
    }

    [Fact]
    public async Task A_function_of_the_connection_s_own_is_missed_elsewhere()
    {
        await using var pair = await CrowdAsync();
        var connection = pair.Connect();
        connection.CreateFunction("twice", (long n) => 2 * n);
        connection.CreateFunction("upper", (string text) => $"<{text}>");
        using (var transaction = connection.BeginTransaction())
        {
            connection.Execute("INSERT INTO t(v, w) VALUES (upper('a'), twice(4))");
            transaction.Commit();
        }

        Assert.Equal("<a>,8", pair.Look("SELECT v, w FROM t WHERE w = 8"));
    }

    [Fact]
    public async Task An_operation_takes_effect_once()
    {
        await using var pair = await CrowdAsync();
        var connection = pair.Connect();
        for (int i = 0; i < 3; i++)
        {
            connection.OperationId = "pay-7";
            using var transaction = connection.BeginTransaction();
            connection.Execute("UPDATE t SET w = w + 1");
            transaction.Commit();
            Assert.Equal((i > 0, 2L), (connection.OperationRepeated, connection.OperationVersion));
        }

        Assert.Null(connection.OperationId);
        Assert.Equal("2", pair.Look("SELECT w FROM t"));
    }

    [Fact]
    public async Task A_closure_is_carried_and_gives_what_it_gave()
    {
        await using var pair = await CrowdAsync();
        int runs = 0;
        var result = await pair.Here.Open("app").WriteAsync(connection =>
        {
            runs++;
            connection.Execute("INSERT INTO t(v) VALUES ('two')");
            return (long)connection.Scalar("SELECT count(*) FROM t")!;
        });
        AssertCarried(pair, 1);
        Assert.Equal((1, 2), (runs, result.Value));
        Assert.Equal(result.Version, long.Parse(pair.Look($"SELECT version FROM {InboxLog.Table}"), null));
        Assert.Equal("one;two", pair.Look("SELECT v FROM t ORDER BY v"));
    }

    [Fact]
    public async Task A_closure_that_would_see_something_else_runs_again()
    {
        await using var pair = await CrowdAsync();
        bool isBeaten = false;
        var result = await pair.Here.Open("app").WriteAsync(connection =>
        {
            long w = (long)connection.Scalar("SELECT w FROM t WHERE v = 'one'")!;
            connection.Execute("UPDATE t SET w = $w WHERE v = 'one'", ("$w", w + 1));
            if (!isBeaten)
            {
                isBeaten = true;
                pair.Rival("UPDATE t SET w = 5");
            }

            return w;
        });
        Assert.Equal(5, result.Value);
        Assert.Equal("6", pair.Look("SELECT w FROM t"));
    }

    [Fact]
    public async Task A_closure_s_own_error_comes_out()
    {
        await using var pair = await CrowdAsync();
        await Assert.ThrowsAsync<FormatException>(() => pair.Here.Open("app").WriteAsync<int>(connection =>
        {
            connection.Execute("INSERT INTO t(v) VALUES ('two')");
            throw new FormatException("the closure's");
        }));
        Assert.Equal("one", pair.Look("SELECT v FROM t"));
    }

    /// <summary>Many connections in engines of their own, in earnest: all that was acknowledged is there, once.</summary>
    [Fact]
    public async Task A_crowd_loses_nothing_and_does_nothing_twice()
    {
        const int crowd = 8, each = 12;
        await using var pair = await CrowdAsync();
        var told = new ConcurrentBag<(long Id, string Value)>();
        await Task.WhenAll(Enumerable.Range(0, crowd).Select(number => Task.Run(async () =>
        {
            using var connection = pair.Join();
            for (int i = 0; i < each; i++)
            {
                string value = $"{number}-{i}";
                if (i % 3 == 0)
                {
                    using var transaction = connection.BeginTransaction();
                    connection.Execute("INSERT INTO t(v, w) VALUES ($v, 0)", ("$v", value));
                    connection.Execute("UPDATE t SET w = w + 1 WHERE v = 'one'");
                    transaction.Commit();
                }
                else if (i % 3 == 1)
                {
                    told.Add(((long)connection.Scalar("INSERT INTO t(v) VALUES ($v) RETURNING id", ("$v", value))!, value));
                }
                else
                {
                    await connection.Execution!.Database.WriteAsync(closure => closure.Execute("INSERT INTO t(v) VALUES ($v)", ("$v", value)));
                }
            }
        })));
        Assert.Equal($"{(crowd * each) + 1}", pair.Look("SELECT count(DISTINCT v) FROM t"));
        Assert.Equal($"{(crowd * each / 3) + 1}", pair.Look("SELECT w FROM t WHERE v = 'one'"));
        foreach (var (id, value) in told)
        {
            Assert.Equal(value, pair.Look($"SELECT v FROM t WHERE id = {id}"));
        }
    }

    private static async Task<Pair> CrowdAsync()
    {
        var pair = await Pair.OpenAsync(Schema, combine: true);
        await pair.CrowdAsync();
        return pair;
    }

    private static void AssertCarried(Pair pair, int count)
    {
        // The creation, and the schema.
        Assert.Equal(2, pair.Here.Requests.SwapsDone);
        Assert.Equal($"{count}", pair.Look($"SELECT count(*) FROM {InboxLog.Table} WHERE kind = {(int)InboxOutcomeKind.Done}"));
    }
}
