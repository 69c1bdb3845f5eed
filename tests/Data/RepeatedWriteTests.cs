using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Data;

/// <summary>
/// A command that only writes, executed again and again: its statement's end is known from its execution, and SQLite is not asked
/// to tell it. What is recorded is the same all the same, and what follows is told again.
/// </summary>
public sealed class RepeatedWriteTests
{
    [Fact]
    public async Task They_run_again_with_their_own_parameters()
    {
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
        var connection = pair.Connect();
        using (var transaction = connection.BeginTransaction())
        {
            Insert(connection, "d", "e", "f");
            pair.Rival("INSERT INTO item(name) VALUES ('theirs')");
            transaction.Commit();
        }

        Assert.Equal("4,theirs;5,d;6,e;7,f", pair.Look("SELECT id, name FROM item WHERE id > 3"));
    }

    [Theory]
    [InlineData("UPDATE item SET n = 7 WHERE name = 'b'", true)]
    [InlineData("DELETE FROM item WHERE name = 'b'", false)]
    [InlineData("UPDATE item SET name = 'd' WHERE name = 'b'; INSERT INTO item(name) VALUES ('b2')", false)]
    public async Task Their_counts_are_compared(string rival, bool goesThrough)
    {
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
        var connection = pair.Connect();
        using var transaction = connection.BeginTransaction();
        using (var command = Sql.Command(connection, "UPDATE item SET n = n + 1 WHERE name = $name", ("$name", "")))
        {
            foreach (string name in (string[])["a", "b", "c", "nobody"])
            {
                command.Parameters[0].Value = name;
                Assert.Equal(name == "nobody" ? 0 : 1, command.ExecuteNonQuery());
            }
        }

        pair.Rival(rival);
        Commit(transaction, goesThrough);
        Assert.Equal(goesThrough ? "2;8;4" : "1;3", pair.Look("SELECT n FROM item WHERE name <> 'd' AND name <> 'b2'"));
    }

    [Theory]
    [InlineData("INSERT INTO log VALUES ('theirs')", true)]
    [InlineData("DELETE FROM item WHERE name = 'a'", false)]
    [InlineData("INSERT INTO item(name) VALUES ('e')", false)]
    public async Task An_error_that_was_caught_belongs_to_the_one_that_raised_it(string rival, bool goesThrough)
    {
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
        var connection = pair.Connect();
        using var transaction = connection.BeginTransaction();
        Insert(connection, "d", "a", "e");
        pair.Rival(rival);
        Commit(transaction, goesThrough);
        Assert.Equal(goesThrough ? "2" : "0", pair.Look("SELECT count(*) FROM item WHERE n = 9"));
    }

    /// <summary>Were ends not told again, a reader that saw the last row could not be told from one that did not look.</summary>
    [Fact]
    public async Task A_reader_after_them_is_recorded_to_its_end()
    {
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
        var connection = pair.Connect();
        using var transaction = connection.BeginTransaction();
        using var command = Sql.Command(connection, "INSERT INTO log VALUES ($line)", ("$line", "mine"));
        command.ExecuteNonQuery();
        command.ExecuteNonQuery();
        Assert.Equal("a;b;c", connection.Rows("SELECT name FROM item"));
        command.ExecuteNonQuery();
        pair.Rival("INSERT INTO item(name) VALUES ('d')");
        Commit(transaction, goesThrough: false);
    }

    /// <summary>While a reader is open, everything is told: the reader's end may come at any time.</summary>
    [Theory]
    [InlineData("INSERT INTO log VALUES ('theirs')", true)]
    [InlineData("INSERT INTO item(name) VALUES ('d')", false)]
    public async Task A_reader_around_them_is_recorded_to_its_end(string rival, bool goesThrough)
    {
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
        var connection = pair.Connect();
        using var transaction = connection.BeginTransaction();
        using var command = Sql.Command(connection, "UPDATE item SET n = 5 WHERE id = $id", ("$id", 1L));
        command.ExecuteNonQuery();
        using (var reader = Sql.Command(connection, "SELECT id FROM item ORDER BY id").ExecuteReader())
        {
            while (reader.Read())
            {
                command.Parameters[0].Value = reader.GetInt64(0);
                Assert.Equal(1, command.ExecuteNonQuery());
            }
        }

        pair.Rival(rival);
        Commit(transaction, goesThrough);
    }

    /// <summary>A function of the caller's reads on the same connection while the write runs: both are recorded as they nest.</summary>
    [Fact]
    public async Task A_query_within_them_does_not_end_them()
    {
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
        var connection = pair.Connect();
        connection.CreateFunction("looked_up", (long id) => (long)connection.Scalar("SELECT n FROM item WHERE id = $id", ("$id", id))!);
        using (var transaction = connection.BeginTransaction())
        {
            using var command = Sql.Command(connection, "UPDATE item SET n = looked_up($id) + 10 WHERE id = $id", ("$id", 1L));
            for (long id = 1; id <= 3; id++)
            {
                command.Parameters[0].Value = id;
                Assert.Equal(1, command.ExecuteNonQuery());
            }

            transaction.Commit();
        }

        Assert.Equal("11;12;13", pair.Look("SELECT n FROM item"));
    }

    /// <summary>SQLite compiles the statement anew and begins again by itself.</summary>
    [Fact]
    public async Task A_changed_schema_does_not_disturb_them()
    {
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
        var connection = pair.Connect();
        using (var transaction = connection.BeginTransaction())
        {
            using var command = Sql.Command(connection, "INSERT INTO log VALUES ($line)", ("$line", "one"));
            command.ExecuteNonQuery();
            command.ExecuteNonQuery();
            connection.Execute("CREATE TABLE more(x)");
            Assert.Equal(1, command.ExecuteNonQuery());
            pair.Rival("INSERT INTO log VALUES ('theirs')");
            transaction.Commit();
        }

        Assert.Equal("theirs;one;one;one", pair.Look("SELECT line FROM log"));
    }

    private static void Insert(OrleansSqliteConnection connection, params string[] names)
    {
        using var command = Sql.Command(connection, "INSERT INTO item(name, n) VALUES ($name, 9)", ("$name", ""));
        foreach (string name in names)
        {
            command.Parameters[0].Value = name;
            if (name == "a")
            {
                Assert.Equal(19, Assert.Throws<SqliteException>(() => command.ExecuteNonQuery()).SqliteErrorCode);
            }
            else
            {
                Assert.Equal(1, command.ExecuteNonQuery());
            }
        }
    }

    private static void Commit(SqliteTransaction transaction, bool goesThrough)
    {
        if (goesThrough)
        {
            transaction.Commit();
        }
        else
        {
            Assert.Equal(516, Assert.ThrowsAny<SqliteException>(transaction.Commit).SqliteExtendedErrorCode);
        }
    }
}
