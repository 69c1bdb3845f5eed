using Microsoft.Data.Sqlite;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Regressions;

namespace OrleansSqlite.Tests.Data;

/// <summary>What a connection says when the store fails, what it refuses, and how its errors are classified.</summary>
public sealed class FailureTests
{
    /// <summary>Too large for the head: it goes to a segment.</summary>
    private const string Big = "INSERT INTO big WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 300) SELECT randomblob(3000) FROM r";

    [Fact]
    public async Task A_commit_that_was_refused_was_not_applied()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        var connection = pair.Connect();
        using (var transaction = connection.BeginTransaction())
        {
            connection.Execute("INSERT INTO t VALUES (1)");
            pair.Faults.BeforeNextSwap = () => throw new StoreException(StoreFailure.Denied, "faults:", null, "The test says so.");
            var error = Assert.Throws<OrleansSqliteException>(transaction.Commit);
            Assert.Equal((ErrorKind.Unavailable, ErrorCodes.StoreDenied), (error.Kind, error.Failure.Code));
            Assert.Equal(1034, error.SqliteExtendedErrorCode);
            Assert.True(error.OutcomeKnown && error.IsTransient);
            Assert.Same(error.Failure, connection.LastFailure);
        }

        Assert.Equal("", pair.Look("SELECT v FROM t"));
        connection.Execute("INSERT INTO t VALUES (2)");
        Assert.Equal("2", pair.Look("SELECT v FROM t"));
    }

    [Fact]
    public async Task A_doubt_is_told_and_nothing_runs_again()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        var connection = pair.Connect();
        pair.Faults.AfterNextSwap = () =>
        {
            pair.Faults.ReadFailure = StoreFailure.Denied;
            throw FaultStore.Lost();
        };
        var error = Assert.Throws<OrleansSqliteException>(() => connection.Execute("INSERT INTO t VALUES (1)"));
        Assert.Equal((ErrorKind.Unavailable, ErrorCodes.OutcomeUnknown), (error.Kind, error.Failure.Code));
        Assert.Equal(1034, error.SqliteExtendedErrorCode);
        Assert.False(error.OutcomeKnown);
        pair.Faults.ReadFailure = null;
        Assert.Equal("1", pair.Look("SELECT v FROM t"));
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_has_landed()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        var connection = pair.Connect();
        pair.Faults.AfterNextSwap = () => throw FaultStore.Lost();
        using var transaction = connection.BeginTransaction();
        connection.Execute("INSERT INTO t VALUES (1)");
        transaction.Commit();
        Assert.Equal("1", pair.Look("SELECT v FROM t"));
    }

    [Theory]
    [InlineData(StoreFailure.Denied, ErrorKind.Unavailable, ErrorCodes.StoreDenied, 1034)]
    [InlineData(StoreFailure.Truncated, ErrorKind.Corrupt, ErrorCodes.Damaged, 11)]
    public async Task A_store_that_fails_while_a_transaction_runs_again_is_no_conflict(StoreFailure failure, ErrorKind kind, string code, int sqliteCode)
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v); CREATE TABLE big(v)");
        var connection = pair.Connect();
        using (var transaction = connection.BeginTransaction())
        {
            Assert.Equal(0L, connection.Scalar("SELECT count(*) FROM big WHERE v = x'00'"));
            connection.Execute("INSERT INTO t VALUES (1)");
            pair.Rival(Big);
            pair.Faults.RangeFailure = failure;
            var error = Assert.Throws<OrleansSqliteException>(transaction.Commit);
            Assert.Equal((kind, code), (error.Kind, error.Failure.Code));
            Assert.Equal(sqliteCode, error.SqliteExtendedErrorCode);
            Assert.True(error.OutcomeKnown);
            Assert.True(pair.Faults.RefusedRanges > 0);
        }

        pair.Faults.RangeFailure = null;
        Assert.Equal("", pair.Look("SELECT v FROM t"));
        connection.Execute("INSERT INTO t VALUES (2)");
        Assert.Equal("2", pair.Look("SELECT v FROM t"));
    }

    [Theory]
    [InlineData("SELECT sum(length(v)) FROM big", true)]
    [InlineData("SELECT sum(length(v)) FROM big", false)]
    [InlineData("INSERT INTO t SELECT sum(length(v)) FROM big", true)]
    [InlineData("INSERT INTO t SELECT sum(length(v)) FROM big", false)]
    public async Task Damage_is_told_with_the_object(string sql, bool isTruncated)
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v); CREATE TABLE big(v)");
        var connection = pair.Connect();
        pair.Rival(Big.Replace("300", "3000", StringComparison.Ordinal));

        // The schema can be read, and the damage is met while a statement runs: then SQLite turns its code into another one.
        Assert.Equal(0L, connection.Scalar("SELECT count(*) FROM t"));
        pair.Faults.RangeFailure = isTruncated ? StoreFailure.Truncated : null;
        pair.Faults.DamagesRanges = !isTruncated;
        var error = Assert.Throws<OrleansSqliteException>(() => connection.Execute(sql));
        Assert.Equal((ErrorKind.Corrupt, ErrorCodes.Damaged, 11), (error.Kind, error.Failure.Code, error.SqliteErrorCode));
        Assert.Contains(isTruncated ? "The test says so" : "/segments/", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_memory_can_be_attached()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        await pair.Here.CreateAsync("other");
        var connection = pair.Connect();
        foreach (string name in (string[])["other", "/stored-1", "file.db", "file:x.db?vfs=unix"])
        {
            var error = Assert.Throws<OrleansSqliteException>(() => connection.Execute($"ATTACH '{name}' AS o"));
            Assert.Equal((ErrorKind.Invalid, ErrorCodes.NotAllowed), (error.Kind, error.Failure.Code));
            Assert.Contains("atomic", error.Message, StringComparison.Ordinal);
        }

        Assert.Throws<OrleansSqliteException>(() => connection.Execute("ATTACH $name AS o", ("$name", ":memory:x")));
        connection.Execute("ATTACH ':memory:' AS m; CREATE TABLE m.x(v); INSERT INTO m.x VALUES (7); INSERT INTO t SELECT v FROM m.x; DETACH m");
        Assert.Equal("7", pair.Look("SELECT v FROM t"));
    }

    [Fact]
    public async Task A_read_only_connection_refuses_writes()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v); INSERT INTO t VALUES (1)");
        var connection = pair.Connect("Mode=ReadOnly");
        Assert.Equal(1L, connection.Scalar("SELECT v FROM t"));
        var error = Assert.Throws<SqliteException>(() => connection.Execute("INSERT INTO t VALUES (2)"));
        Assert.Equal(8, error.SqliteErrorCode);
        Assert.Equal(ErrorCodes.ReadOnly, DataErrors.Classify(error).Code);
    }

    [Theory]
    [InlineData(2067, ErrorKind.Invalid, ErrorCodes.Sql)]
    [InlineData(1, ErrorKind.Invalid, ErrorCodes.Sql)]
    [InlineData(11, ErrorKind.Corrupt, ErrorCodes.Damaged)]
    [InlineData(13, ErrorKind.Invalid, ErrorCodes.LimitExceeded)]
    [InlineData(23, ErrorKind.Invalid, ErrorCodes.NotAllowed)]
    [InlineData(10, ErrorKind.Internal, ErrorCodes.Invariant)]
    public void A_bare_code_has_its_kind(int code, ErrorKind kind, string name)
    {
        var failure = DataErrors.Classify(new SqliteException("words", code & 0xFF, code));
        Assert.Equal((kind, name, code), (failure.Kind, failure.Code, failure.SqliteCode));
    }

    [Fact]
    public async Task A_statement_can_be_cancelled()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        var connection = pair.Connect();
        using var cancel = new CancellationTokenSource();
        connection.CreateFunction("cancel", () =>
        {
            cancel.Cancel();
            return 0;
        });
        await using var command = Sql.Command(
            connection, "INSERT INTO t WITH RECURSIVE r(i) AS (SELECT cancel() UNION ALL SELECT i + 1 FROM r WHERE i < 100000000) SELECT i FROM r");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.ExecuteNonQueryAsync(cancel.Token));
        Assert.Equal("", pair.Look("SELECT v FROM t"));
        connection.Execute("INSERT INTO t VALUES (1)");
    }

    [Fact]
    public async Task A_deleted_database_says_so()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        var connection = pair.Connect();
        await pair.There.DeleteAsync("app");
        var error = Assert.Throws<OrleansSqliteException>(() => connection.Execute("INSERT INTO t VALUES (1)"));
        Assert.Equal(ErrorCodes.DatabaseGone, error.Failure.Code);
    }
}
