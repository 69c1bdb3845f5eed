namespace OrleansSqlite.Tests.Data;

/// <summary>Operation ids of interactive transactions: once, however often it is tried.</summary>
public sealed class OperationTests
{
    [Fact]
    public async Task A_repeated_transaction_takes_effect_once()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        var connection = pair.Connect();
        Order(connection, "one");
        Assert.False(connection.OperationRepeated);
        long version = connection.OperationVersion!.Value;
        Assert.Equal(connection.CommitVersion, version);
        Assert.Null(connection.OperationId);

        var other = pair.ConnectThere();
        Order(other, "two");
        Assert.True(other.OperationRepeated);
        Assert.Equal(version, other.OperationVersion);
        Assert.Equal("one", pair.Look("SELECT v FROM t"));

        // The next transaction has no id.
        using var next = other.BeginTransaction();
        other.Execute("INSERT INTO t VALUES ('three')");
        next.Commit();
        Assert.Equal("one;three", pair.Look("SELECT v FROM t"));

        static void Order(OrleansSqliteConnection connection, string line)
        {
            connection.OperationId = "order-17";
            using var transaction = connection.BeginTransaction();
            connection.Execute("INSERT INTO t VALUES ($line)", ("$line", line));
            transaction.Commit();
        }
    }

    [Fact]
    public async Task The_version_is_that_of_the_run_that_was_committed()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        var connection = pair.Connect();
        connection.OperationId = "order-18";
        using var transaction = connection.BeginTransaction();
        connection.Execute("INSERT INTO t VALUES ('mine')");
        pair.Rival("INSERT INTO t VALUES ('theirs')");
        transaction.Commit();
        Assert.Equal("order-18,3", pair.Look("SELECT id, version FROM orleans_sqlite_operations"));
        Assert.Equal(3, connection.OperationVersion);
        Assert.Equal(3, connection.CommitVersion);
        Assert.Equal(2L, connection.Scalar("SELECT last_insert_rowid()"));
    }

    [Fact]
    public async Task A_rolled_back_transaction_leaves_the_id_for_the_next_try()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        var connection = pair.Connect();
        connection.OperationId = "order-19";
        using (var transaction = connection.BeginTransaction())
        {
            connection.Execute("INSERT INTO t VALUES (1)");
        }

        Assert.Equal("order-19", connection.OperationId);
        using (var transaction = connection.BeginTransaction())
        {
            connection.Execute("INSERT INTO t VALUES (2)");
            transaction.Commit();
        }

        Assert.False(connection.OperationRepeated);
        Assert.Equal("2", pair.Look("SELECT v FROM t"));
    }

    [Fact]
    public async Task A_batch_of_the_same_id_is_another_write()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        var connection = pair.Connect();
        connection.OperationId = "order-20";
        using var transaction = connection.BeginTransaction();
        connection.Execute("INSERT INTO t VALUES (1)");
        transaction.Commit();
        var error = await Assert.ThrowsAsync<DatabaseException>(() => pair.There.Open("app").ExecuteAsync(new Batch("INSERT INTO t VALUES (2)") { OperationId = "order-20" }));
        Assert.Equal(ErrorCodes.OperationReused, error.Code);
    }

    [Fact]
    public void An_id_has_bounds()
    {
        using var connection = new OrleansSqliteConnection();
        Assert.Throws<ArgumentException>(() => connection.OperationId = "");
        Assert.Throws<ArgumentException>(() => connection.OperationId = new string('x', 129));
    }
}
