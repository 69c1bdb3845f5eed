using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Data;

/// <summary>Statements outside of a transaction run again by themselves, and tell nothing that was not committed.</summary>
public sealed class AutocommitTests
{
    private const string Setup = "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v UNIQUE); CREATE TABLE log(line)";

    /// <summary>A connection here whose state is old: a rival has committed, and nobody here knows.</summary>
    private static async Task<(Pair Pair, OrleansSqliteConnection Connection)> BehindAsync(string rival = "INSERT INTO t(v) VALUES ('theirs')")
    {
        var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        pair.Rival(rival);
        return (pair, connection);
    }

    [Fact]
    public async Task An_insert_runs_again()
    {
        var (pair, connection) = await BehindAsync();
        await using var _ = pair;
        Assert.Equal(1, connection.Execute("INSERT INTO t(v) VALUES ('mine')"));
        Assert.Equal(2L, connection.Scalar("SELECT last_insert_rowid()"));
        Assert.Equal("1,theirs;2,mine", pair.Look("SELECT * FROM t"));
        Assert.Equal(3, connection.CommitVersion);
    }

    /// <summary>A database that only a file can begin: one of another encoding, for one.</summary>
    private static async Task ImportAsync(Pair pair, string name, string sql)
    {
        string file = Path.Combine(Path.GetTempPath(), $"import-{Guid.NewGuid():N}.sqlite");
        try
        {
            using (var plain = new SqliteConnection($"Data Source={file};Pooling=False"))
            {
                plain.Open();
                plain.Execute(sql);
            }

            await pair.Here.ImportAsync(name, file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task RETURNING_gives_what_was_committed()
    {
        foreach (string how in (string[])["reader", "scalar", "non-query", "first row only"])
        {
            var (pair, connection) = await BehindAsync();
            await using var _ = pair;
            using var command = Sql.Command(connection, "INSERT INTO t(v) VALUES ('x'), (2.5), (x'01') RETURNING id AS \"the id\", v");
            switch (how)
            {
                case "reader":
                    Assert.Equal("2,x;3,2.5;4,01", connection.Rows(command.CommandText));
                    break;
                case "scalar":
                    Assert.Equal(2L, command.ExecuteScalar());
                    break;
                case "non-query":
                    Assert.Equal(3, command.ExecuteNonQuery());
                    break;
                default:
                    using (var reader = command.ExecuteReader())
                    {
                        Assert.Equal("the id", reader.GetName(0));
                        Assert.True(reader.Read());
                        Assert.Equal("4", pair.Look("SELECT count(*) FROM t"));
                    }

                    break;
            }

            Assert.Equal("4", pair.Look("SELECT count(*) FROM t"));
        }
    }

    [Fact]
    public async Task RETURNING_nothing_has_its_columns()
    {
        var (pair, connection) = await BehindAsync();
        await using var _ = pair;
        using var reader = Sql.Command(connection, "UPDATE t SET v = 1 WHERE id = 99 RETURNING id, v").ExecuteReader();
        Assert.Equal(2, reader.FieldCount);
        Assert.False(reader.Read());
    }

    [Theory]
    [InlineData("UTF-8")]
    [InlineData("UTF-16le")]
    [InlineData("UTF-16be")]
    public async Task RETURNING_of_very_many_values_is_exact(string encoding)
    {
        await using var pair = await Pair.OpenAsync();
        await ImportAsync(pair, "other", $"PRAGMA encoding = '{encoding}'; CREATE TABLE r(a, b, c, d)");
        var connection = pair.Connect("Data Source=other");
        Assert.Equal(encoding, connection.Scalar("PRAGMA encoding"));
        double[] reals = [0.1, -1.0 / 3, 5E-324, -1e-310, double.MaxValue, double.MinValue, double.PositiveInfinity, double.NegativeInfinity, -0.0, 1, 123456789012345680, 1e22, 2.2250738585072014E-308];
        using (var transaction = connection.BeginTransaction())
        {
            for (int i = 0; i < 9_000; i++)
            {
                connection.Execute("INSERT INTO r VALUES ($a, $b, $c, $d)", ("$a", reals[i % reals.Length]), ("$b", long.MinValue + i), ("$c", $"ö'{i}\0"), ("$d", BitConverter.GetBytes(i)));
            }

            transaction.Commit();
        }

        using var reader = Sql.Command(connection, "UPDATE r SET a = a RETURNING a, b, c, d").ExecuteReader();
        int row = 0;
        for (; reader.Read(); row++)
        {
            Assert.Equal(BitConverter.DoubleToInt64Bits(reals[row % reals.Length]), BitConverter.DoubleToInt64Bits(reader.GetDouble(0)));
            Assert.Equal(long.MinValue + row, reader.GetInt64(1));
            Assert.Equal($"ö'{row}\0", reader.GetString(2));
            Assert.Equal(BitConverter.GetBytes(row), reader.GetFieldValue<byte[]>(3));
        }

        Assert.Equal(9_000, row);
    }

    [Fact]
    public async Task An_error_is_told_of_the_newest_state()
    {
        // Here 'theirs' is not known yet, and there 'gone' is not any more.
        var pair = await Pair.OpenAsync(Setup + "; INSERT INTO t(v) VALUES ('gone')");
        await using var _ = pair;
        var connection = pair.Connect();
        pair.Rival("DELETE FROM t; INSERT INTO t(v) VALUES ('theirs')");
        Assert.Equal(1, connection.Execute("INSERT INTO t(v) VALUES ('gone')"));
        pair.Rival("INSERT INTO t(v) VALUES ('second')");
        var error = Assert.Throws<SqliteException>(() => connection.Execute("INSERT INTO t(v) VALUES ('second')"));
        Assert.Equal(2067, error.SqliteExtendedErrorCode);
    }

    [Fact]
    public async Task An_update_of_nothing_is_told_of_the_newest_state()
    {
        var (pair, connection) = await BehindAsync("INSERT INTO t(id, v) VALUES (7, 'theirs')");
        await using var _ = pair;
        Assert.Equal(1, connection.Execute("UPDATE t SET v = 'seen' WHERE id = 7"));
        Assert.Equal("seen", pair.Look("SELECT v FROM t"));
    }

    [Fact]
    public async Task A_second_statement_of_a_command_can_lose_and_says_so()
    {
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        int calls = 0;
        connection.CreateFunction("once", () =>
        {
            if (calls++ == 0)
            {
                pair.Rival("INSERT INTO log VALUES ('between')");
            }

            return 1;
        });
        var error = Assert.ThrowsAny<SqliteException>(() => connection.Execute("INSERT INTO log VALUES ('one'); INSERT INTO log VALUES (once())"));
        Assert.Equal(516, error.SqliteExtendedErrorCode);
        Assert.Contains("committed before it", error.Message, StringComparison.Ordinal);
        Assert.Equal("1", pair.Look("SELECT count(*) FROM log WHERE line = 'one'"));
    }

    /// <summary>Microsoft.Data.Sqlite runs what is left of a command when its reader is disposed of, and swallows what goes wrong.</summary>
    [Fact]
    public async Task Disposing_of_a_reader_swallows_no_error()
    {
        await using var pair = await Pair.OpenAsync(Setup + "; INSERT INTO t(v) VALUES ('there')");
        var connection = pair.Connect();
        var reader = Sql.Command(connection, "SELECT 1; INSERT INTO t(v) VALUES ('there')").ExecuteReader();
        Assert.True(reader.Read());
        var error = Assert.Throws<SqliteException>(reader.Dispose);
        Assert.Equal(2067, error.SqliteExtendedErrorCode);
        reader.Dispose();
        connection.Execute("INSERT INTO t(v) VALUES ('next')");
        Assert.Equal("2", pair.Look("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task VACUUM_and_pragmas_run_by_themselves()
    {
        var (pair, connection) = await BehindAsync();
        await using var _ = pair;
        connection.Execute("VACUUM");
        connection.Execute("PRAGMA user_version = 5");
        Assert.Equal("5", pair.Look("PRAGMA user_version"));
        Assert.Equal("ok", pair.Look("PRAGMA integrity_check"));
    }
}
