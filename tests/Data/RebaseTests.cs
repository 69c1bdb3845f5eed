using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Data;

/// <summary>
/// A transaction ran, and another process committed before it did. Each case says what it was told, what the other did, and
/// whether it goes through by itself or is a conflict.
/// </summary>
public sealed class RebaseTests
{
    private const string Setup = """
        CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT UNIQUE, n INTEGER NOT NULL DEFAULT 0);
        INSERT INTO item(name, n) VALUES ('a', 1), ('b', 2), ('c', 3);
        CREATE TABLE log(line TEXT);
        CREATE TABLE kept(id INTEGER PRIMARY KEY AUTOINCREMENT, v);
        CREATE TABLE child(item INTEGER REFERENCES item(id) DEFERRABLE INITIALLY DEFERRED);
        """;

    /// <summary>Goes through: what the caller was told is the same on the newer version.</summary>
    private static readonly Dictionary<string, (Action<OrleansSqliteConnection> Mine, string Rival, string Look, string Expected)> Rebased = new()
    {
        ["inserts of both sides, implicit rowids"] = (
            c => c.Execute("INSERT INTO log VALUES ('mine')"),
            "INSERT INTO log VALUES ('theirs')", "SELECT rowid, line FROM log", "1,theirs;2,mine"),
        ["inserts of both sides, AUTOINCREMENT"] = (
            c => c.Execute("INSERT INTO kept(v) VALUES ('mine')"),
            "INSERT INTO kept(v) VALUES ('theirs')", "SELECT id, v FROM kept", "1,theirs;2,mine"),
        ["blind update of the same row"] = (
            c => c.Execute("UPDATE item SET n = n + 1 WHERE id = 1"),
            "UPDATE item SET n = n + 10 WHERE id = 1", "SELECT n FROM item WHERE id = 1", "12"),
        ["read of what nobody changed"] = (
            c =>
            {
                Assert.Equal("2", c.Rows("SELECT n FROM item WHERE id = 2"));
                c.Execute("UPDATE item SET n = 9 WHERE id = 3");
            },
            "UPDATE item SET n = 5 WHERE id = 1", "SELECT n FROM item", "5;2;9"),
        ["RETURNING of values that stay"] = (
            c => Assert.Equal("3", c.Rows("UPDATE item SET n = n + 1 WHERE id = 2 RETURNING n")),
            "UPDATE item SET n = 5 WHERE id = 1", "SELECT n FROM item", "5;3;3"),
        ["the same unique violation, caught"] = (
            c =>
            {
                Assert.Throws<SqliteException>(() => c.Execute("INSERT INTO item(name) VALUES ('a')"));
                c.Execute("INSERT INTO log VALUES ('a is there')");
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;a is there"),
        ["a table that is missing before and after"] = (
            c =>
            {
                Assert.Throws<SqliteException>(() => c.Execute("SELECT * FROM nowhere"));
                c.Execute("INSERT INTO log VALUES ('none')");
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;none"),
        ["savepoints, one rolled back"] = (
            c =>
            {
                c.Execute("SAVEPOINT one; INSERT INTO log VALUES ('lost'); ROLLBACK TO one; RELEASE one");
                c.Execute("SAVEPOINT two");
                c.Execute("INSERT INTO log VALUES ('kept')");
                c.Execute("RELEASE two");
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;kept"),
        ["two readers, interleaved"] = (
            c =>
            {
                using var first = Sql.Command(c, "SELECT n FROM item ORDER BY id").ExecuteReader();
                using var second = Sql.Command(c, "SELECT name FROM item ORDER BY id").ExecuteReader();
                Assert.True(first.Read() && second.Read() && second.Read() && first.Read());
                c.Execute("INSERT INTO log VALUES ('between')");
                Assert.True(first.Read());
                Assert.False(first.Read());
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;between"),
        ["rows behind the one that was read"] = (
            c =>
            {
                Assert.Equal(1L, c.Scalar("SELECT n FROM item ORDER BY id"));
                c.Execute("INSERT INTO log VALUES ('first seen')");
            },
            "UPDATE item SET n = 7 WHERE id = 3", "SELECT line FROM log", "first seen"),
        ["a trigger"] = (
            c =>
            {
                c.Execute("CREATE TRIGGER noted AFTER UPDATE ON item BEGIN INSERT INTO log VALUES (new.name); END");
                c.Execute("UPDATE item SET n = 0 WHERE id = 2");
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;b"),
        ["schema changes of both sides"] = (
            c =>
            {
                c.Execute("CREATE TABLE mine(x)");
                c.Execute("INSERT INTO mine VALUES (1)");
            },
            "CREATE TABLE theirs(x); INSERT INTO theirs VALUES (2)", "SELECT (SELECT x FROM mine), (SELECT x FROM theirs)", "1,2"),
        ["a temporary table"] = (
            c =>
            {
                c.Execute("CREATE TEMP TABLE t(x); INSERT INTO t VALUES (42)");
                c.Execute("INSERT INTO log SELECT x FROM t");
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;42"),
        ["random values that were only stored"] = (
            c => c.Execute("INSERT INTO log VALUES (random())"),
            "INSERT INTO log VALUES ('theirs')", "SELECT count(*) FROM log", "2"),
        ["full text search"] = (
            c =>
            {
                c.Execute("CREATE VIRTUAL TABLE words USING fts5(w)");
                c.Execute("INSERT INTO words VALUES ('hello world')");
                Assert.Equal("hello world", c.Rows("SELECT w FROM words WHERE words MATCH 'hello'"));
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT w FROM words", "hello world"),
        ["a command of several statements with parameters"] = (
            c => c.Execute("INSERT INTO log VALUES (@a); INSERT INTO log VALUES (@b); UPDATE item SET n = @n WHERE id = 1", ("@a", "x"), ("@b", "y"), ("@n", 77)),
            "INSERT INTO log VALUES ('theirs')", "SELECT (SELECT group_concat(line) FROM log), n FROM item WHERE id = 1", "theirs,x,y,77"),
        ["a reader closed before its command was through"] = (
            c =>
            {
                using var reader = Sql.Command(c, "SELECT n FROM item; INSERT INTO log VALUES ('on closing')").ExecuteReader();
                Assert.True(reader.Read());
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;on closing"),
        ["a deferred foreign key"] = (
            c => c.Execute("INSERT INTO child VALUES (4); INSERT INTO item(id, name) VALUES (4, 'd')"),
            "INSERT INTO child VALUES (1)", "SELECT item FROM child", "1;4"),
    };

    /// <summary>A conflict: the caller would have been told something else.</summary>
    private static readonly Dictionary<string, (Action<OrleansSqliteConnection> Mine, string Rival)> Conflicts = new()
    {
        ["a value that was read"] = (
            c =>
            {
                long n = (long)c.Scalar("SELECT n FROM item WHERE id = 1")!;
                c.Execute("UPDATE item SET n = @n WHERE id = 1", ("@n", n + 1));
            },
            "UPDATE item SET n = 100 WHERE id = 1"),
        ["a phantom"] = (
            c =>
            {
                Assert.Equal(3L, c.Scalar("SELECT count(*) FROM item"));
                c.Execute("INSERT INTO log VALUES ('three')");
            },
            "INSERT INTO item(name) VALUES ('d')"),
        ["no row that is one now"] = (
            c =>
            {
                Assert.Null(c.Scalar("SELECT id FROM item WHERE name = 'z'"));
                c.Execute("INSERT INTO log VALUES ('no z')");
            },
            "INSERT INTO item(name) VALUES ('z')"),
        ["write skew"] = (
            c =>
            {
                Assert.Equal(3L, c.Scalar("SELECT sum(n) FROM item WHERE id < 3"));
                c.Execute("UPDATE item SET n = n - 3 WHERE id = 1");
            },
            "UPDATE item SET n = n - 2 WHERE id = 2"),
        ["an id that was told"] = (
            c =>
            {
                c.Execute("INSERT INTO kept(v) VALUES ('mine')");
                Assert.Equal(1L, c.Scalar("SELECT last_insert_rowid()"));
            },
            "INSERT INTO kept(v) VALUES ('theirs')"),
        ["an id that was told by RETURNING"] = (
            c => Assert.Equal("1", c.Rows("INSERT INTO kept(v) VALUES ('mine') RETURNING id")),
            "INSERT INTO kept(v) VALUES ('theirs')"),
        ["another number of changed rows"] = (
            c => Assert.Equal(2, c.Execute("UPDATE item SET n = 0 WHERE n > 1")),
            "UPDATE item SET n = 9 WHERE id = 1"),
        ["a violation that is none any more"] = (
            c =>
            {
                Assert.Throws<SqliteException>(() => c.Execute("INSERT INTO item(name) VALUES ('a')"));
                c.Execute("INSERT INTO log VALUES ('a is there')");
            },
            "DELETE FROM item WHERE name = 'a'"),
        ["a violation of another constraint"] = (
            c =>
            {
                Assert.Throws<SqliteException>(() => c.Execute("INSERT INTO item(id, name) VALUES (9, 'a')"));
                c.Execute("INSERT INTO log VALUES ('a is there')");
            },
            "UPDATE item SET name = 'b or so' WHERE name = 'a'; INSERT INTO item(id, name) VALUES (9, 'nine')"),
        ["a violation that is new"] = (
            c => c.Execute("INSERT INTO item(name) VALUES ('new')"),
            "INSERT INTO item(name) VALUES ('new')"),
        ["a column that is new under SELECT *"] = (
            c =>
            {
                Assert.Equal("", c.Rows("SELECT * FROM log"));
                c.Execute("INSERT INTO kept(v) VALUES (1)");
            },
            "ALTER TABLE log ADD COLUMN more"),
        ["a random value that was told"] = (
            c => c.Rows("INSERT INTO log VALUES (random()) RETURNING line"),
            "INSERT INTO kept(v) VALUES ('theirs')"),
        ["a command that was made elsewhere"] = (
            c =>
            {
                using var command = new SqliteCommand("INSERT INTO log VALUES ('by hand')", c, Transaction(c));
                command.ExecuteNonQuery();
            },
            "INSERT INTO log VALUES ('theirs')"),
        ["a blob written piece by piece"] = (
            c =>
            {
                c.Execute("INSERT INTO kept(id, v) VALUES (7, zeroblob(3))");
                using var blob = new SqliteBlob(c, "kept", "v", 7);
                blob.Write([1, 2, 3]);
            },
            "INSERT INTO log VALUES ('theirs')"),
    };

    public static TheoryData<string> ThatRebase => [.. Rebased.Keys];

    public static TheoryData<string> ThatConflict => [.. Conflicts.Keys];

    [Theory]
    [MemberData(nameof(ThatRebase))]
    public async Task It_goes_through(string name)
    {
        var (mine, rival, look, expected) = Rebased[name];
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        using (var transaction = connection.BeginTransaction())
        {
            mine(connection);
            pair.Rival(rival);
            transaction.Commit();
        }

        Assert.Equal(expected, pair.Look(look));
        Assert.Equal("ok", pair.Look("PRAGMA integrity_check"));
        Assert.Equal(3, connection.CommitVersion);

        // The connection is as good as new.
        connection.Execute("INSERT INTO log VALUES ('after')");
        Assert.Equal("1", pair.Look("SELECT count(*) FROM log WHERE line = 'after'"));
    }

    [Theory]
    [MemberData(nameof(ThatConflict))]
    public async Task It_is_a_conflict(string name)
    {
        var (mine, rival) = Conflicts[name];
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        string before;
        using (var transaction = connection.BeginTransaction())
        {
            mine(connection);
            pair.Rival(rival);
            before = State(pair);
            var conflict = Assert.ThrowsAny<SqliteException>(transaction.Commit);
            Assert.Equal(516, conflict.SqliteExtendedErrorCode);
            var failure = DataErrors.Classify(conflict, connection);
            Assert.Equal(ErrorKind.Conflict, failure.Kind);
            Assert.True(failure.IsTransient && failure.OutcomeKnown);
            Assert.True(conflict.IsTransient);
        }

        Assert.Equal(before, State(pair));
        using (var again = connection.BeginTransaction())
        {
            connection.Execute("INSERT INTO log(line) VALUES ('after')");
            again.Commit();
        }

        Assert.Equal("1", pair.Look("SELECT count(*) FROM log WHERE line = 'after'"));
    }

    /// <summary>Without a rival all of them go through: a conflict is never another thing's name.</summary>
    [Theory]
    [MemberData(nameof(ThatConflict))]
    public async Task Alone_it_goes_through(string name)
    {
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        using var transaction = connection.BeginTransaction();
        Conflicts[name].Mine(connection);
        transaction.Commit();
        Assert.Equal(2, connection.CommitVersion);
    }

    [Fact]
    public async Task Raw_BEGIN_and_COMMIT_rebase_too()
    {
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        connection.Execute("BEGIN");
        connection.Execute("INSERT INTO log VALUES ('mine')");
        pair.Rival("INSERT INTO log VALUES ('theirs')");
        connection.Execute("COMMIT");
        Assert.Equal("theirs;mine", pair.Look("SELECT line FROM log"));
    }

    [Fact]
    public async Task An_outermost_savepoint_rebases_too()
    {
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        connection.Execute("SAVEPOINT outer");
        connection.Execute("INSERT INTO log VALUES ('mine')");
        pair.Rival("INSERT INTO log VALUES ('theirs')");
        connection.Execute("RELEASE outer");
        Assert.Equal("theirs;mine", pair.Look("SELECT line FROM log"));
    }

    [Fact]
    public async Task A_statement_and_its_COMMIT_in_one_command_rebase()
    {
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        connection.Execute("BEGIN; INSERT INTO log VALUES ('one')");
        pair.Rival("INSERT INTO log VALUES ('theirs')");
        connection.Execute("INSERT INTO log VALUES ('two'); COMMIT");
        Assert.Equal("theirs;one;two", pair.Look("SELECT line FROM log"));
    }

    [Fact]
    public async Task A_reader_that_is_open_at_the_commit_is_a_conflict()
    {
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        using var transaction = connection.BeginTransaction();
        connection.Execute("INSERT INTO log VALUES ('mine')");
        using var reader = Sql.Command(connection, "SELECT id FROM item ORDER BY id").ExecuteReader();
        Assert.True(reader.Read());
        pair.Rival("INSERT INTO log VALUES ('theirs')");
        var conflict = Assert.Throws<OrleansSqliteException>(transaction.Commit);
        Assert.Equal(ErrorCodes.NotRepeatable, conflict.Failure.Code);
        Assert.Equal("theirs", pair.Look("SELECT line FROM log"));
    }

    [Fact]
    public async Task A_reader_from_before_the_transaction_is_a_conflict()
    {
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        using var reader = Sql.Command(connection, "SELECT id FROM item ORDER BY id").ExecuteReader();
        Assert.True(reader.Read());
        using var transaction = connection.BeginTransaction();
        Assert.True(reader.Read());
        connection.Execute("INSERT INTO log VALUES ('mine')");
        while (reader.Read())
        {
        }

        reader.Dispose();
        pair.Rival("INSERT INTO log VALUES ('theirs')");
        var conflict = Assert.Throws<OrleansSqliteException>(transaction.Commit);
        Assert.Equal(ErrorCodes.NotRepeatable, conflict.Failure.Code);
    }

    [Fact]
    public async Task A_record_that_is_full_makes_a_lost_race_a_conflict()
    {
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect("Record Bytes=4096");
        for (int round = 0; round < 2; round++)
        {
            using var transaction = connection.BeginTransaction();
            for (int i = 0; i < 100; i++)
            {
                connection.Execute("INSERT INTO log VALUES (@line)", ("@line", new string('x', 100)));
            }

            if (round == 0)
            {
                // Nobody comes between: it is committed, whatever its size.
                transaction.Commit();
                continue;
            }

            pair.Rival("INSERT INTO log VALUES ('theirs')");
            var conflict = Assert.Throws<OrleansSqliteException>(transaction.Commit);
            Assert.Equal(ErrorCodes.NotRepeatable, conflict.Failure.Code);
            Assert.Contains("Record Bytes", conflict.Message, StringComparison.Ordinal);
        }

        Assert.Equal("101", pair.Look("SELECT count(*) FROM log"));
    }

    [Fact]
    public async Task A_transaction_that_only_read_is_checked_at_its_commit()
    {
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        using var transaction = connection.BeginTransaction();
        Assert.Equal(1L, connection.Scalar("SELECT n FROM item WHERE id = 1"));
        pair.Rival("UPDATE item SET n = 50 WHERE id = 1");
        Assert.Throws<OrleansSqliteException>(transaction.Commit);
        transaction.Dispose();

        using var same = connection.BeginTransaction();
        Assert.Equal(50L, connection.Scalar("SELECT n FROM item WHERE id = 1"));
        pair.Rival("UPDATE item SET n = 60 WHERE id = 2");
        same.Commit();
    }

    /// <summary>SQLite's own 516 (a reader aborted by ROLLBACK) is none of a lost race, and nothing runs again for it.</summary>
    [Fact]
    public async Task SQLites_own_abort_is_not_a_conflict()
    {
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        connection.Execute("BEGIN");
        connection.Execute("CREATE TABLE gone(x)");
        using var command = Sql.Command(connection, "SELECT id FROM item ORDER BY id");
        using var reader = command.ExecuteReader();
        Assert.True(reader.Read());
        connection.Execute("ROLLBACK");
        var aborted = Assert.Throws<SqliteException>(() =>
        {
            while (reader.Read())
            {
            }
        });
        Assert.Equal(4, aborted.SqliteErrorCode);
        Assert.NotEqual(ErrorKind.Conflict, DataErrors.Classify(aborted, connection).Kind);
    }

    /// <summary>A schema of a lost state may bear the rival's number: it must not be taken for it.</summary>
    [Fact]
    public async Task A_lost_schema_is_forgotten()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE base(x)");
        var connection = pair.Connect();
        using (var transaction = connection.BeginTransaction())
        {
            connection.Execute("CREATE TABLE mine(a)");
            connection.Execute("INSERT INTO mine VALUES ('mine')");
            Assert.Equal("mine", connection.Rows("SELECT a FROM mine"));
            pair.Rival("CREATE TABLE theirs(b); INSERT INTO theirs VALUES ('theirs')");
            transaction.Commit();
        }

        Assert.Equal("mine", connection.Rows("SELECT a FROM mine"));
        Assert.Equal("theirs", connection.Rows("SELECT b FROM theirs"));
        Assert.Equal("ok", pair.Look("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task Parameters_are_copied_when_they_are_used()
    {
        await using var pair = await Pair.OpenAsync(Setup);
        var connection = pair.Connect();
        byte[] blob = [1, 2, 3];
        using (var transaction = connection.BeginTransaction())
        {
            using var command = Sql.Command(
                connection,
                "INSERT INTO kept(v) VALUES ($a), ($b), ($c), ($d), ($e)",
                ("$a", blob), ("$b", 5E-324), ("$c", "nul\0inside"), ("$d", double.PositiveInfinity), ("$e", new Guid("00112233-4455-6677-8899-aabbccddeeff")));
            command.ExecuteNonQuery();
            blob[0] = 99;
            command.Parameters["$b"].Value = 1;
            command.Parameters["$c"].Value = "changed";
            pair.Rival("INSERT INTO log VALUES ('theirs')");
            transaction.Commit();
        }

        Assert.Equal(
            "010203;4.9406564584124654E-324;6E756C00696E73696465;Inf;00112233-4455-6677-8899-AABBCCDDEEFF",
            pair.Look("SELECT CASE typeof(v) WHEN 'blob' THEN hex(v) WHEN 'real' THEN format('%!.17g', v) ELSE iif(instr(v, 'inside'), hex(v), v) END FROM kept").Replace("e-", "E-", StringComparison.Ordinal));
    }

    private static SqliteTransaction? Transaction(OrleansSqliteConnection connection) => connection.CreateCommand().Transaction;

    private static string State(Pair pair) =>
        pair.Look("SELECT * FROM item") + "|" + pair.Look("SELECT * FROM log") + "|" + pair.Look("SELECT * FROM kept") + "|" + pair.Look("SELECT sql FROM sqlite_schema");
}
