using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Data;

/// <summary>
/// A transaction ran, and another process committed before it did. Each case says what it was told, what the other did, and
/// whether it goes through by itself or is a conflict.
/// </summary>
public sealed class RebaseTests
{
    public static TheoryData<string> ThatRebase => [.. RebaseCases.Rebased.Keys];

    public static TheoryData<string> ThatConflict => [.. RebaseCases.Conflicts.Keys];

    [Theory]
    [MemberData(nameof(ThatRebase))]
    public async Task It_goes_through(string name)
    {
        var (mine, rival, look, expected) = RebaseCases.Rebased[name];
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
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
        var (mine, rival) = RebaseCases.Conflicts[name];
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
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
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
        var connection = pair.Connect();
        using var transaction = connection.BeginTransaction();
        RebaseCases.Conflicts[name].Mine(connection);
        transaction.Commit();
        Assert.Equal(2, connection.CommitVersion);
    }

    [Fact]
    public async Task Raw_BEGIN_and_COMMIT_rebase_too()
    {
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
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
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
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
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
        var connection = pair.Connect();
        connection.Execute("BEGIN; INSERT INTO log VALUES ('one')");
        pair.Rival("INSERT INTO log VALUES ('theirs')");
        connection.Execute("INSERT INTO log VALUES ('two'); COMMIT");
        Assert.Equal("theirs;one;two", pair.Look("SELECT line FROM log"));
    }

    [Fact]
    public async Task A_reader_that_is_open_at_the_commit_is_a_conflict()
    {
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
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
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
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
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
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
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
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
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
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
        await using var pair = await Pair.OpenAsync(RebaseCases.Setup);
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

    private static string State(Pair pair) =>
        pair.Look("SELECT * FROM item") + "|" + pair.Look("SELECT * FROM log") + "|" + pair.Look("SELECT * FROM kept") + "|" + pair.Look("SELECT sql FROM sqlite_schema");
}
