namespace OrleansSqlite.Tests.Data;

/// <summary>What a connection costs in requests.</summary>
public sealed class RequestTests
{
    [Fact]
    public async Task A_warm_transaction_is_one_PUT_and_no_GET()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
        var connection = pair.Connect();
        var before = pair.Here.Requests;
        for (int i = 0; i < 5; i++)
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute("INSERT INTO t(v) VALUES ($i)", ("$i", i));
            Assert.Equal((long)i + 1, connection.Scalar("SELECT count(*) FROM t"));
            transaction.Commit();
        }

        var cost = pair.Here.Requests - before;
        Assert.Equal((5, 0, 0, 0), ((int)cost.Swaps, (int)cost.Reads, (int)cost.RangeReads, (int)cost.Writes));
    }

    [Fact]
    public async Task A_warm_insert_by_itself_is_one_PUT_and_no_GET()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        var connection = pair.Connect();
        var before = pair.Here.Requests;
        connection.Execute("INSERT INTO t(v) VALUES (1)");
        connection.Rows("INSERT INTO t(v) VALUES (2) RETURNING v");
        var cost = pair.Here.Requests - before;
        Assert.Equal((2, 0), ((int)cost.Swaps, (int)cost.Reads));
    }

    [Fact]
    public async Task A_read_costs_what_its_level_costs()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v); INSERT INTO t VALUES (1)");
        foreach (var (level, reads) in new[] { ("strong", 3), ("at least 1", 0), ("stale by 1m", 0) })
        {
            var connection = pair.Connect($"Read Level={level}");
            var before = pair.Here.Requests;
            for (int i = 0; i < 3; i++)
            {
                Assert.Equal(1L, connection.Scalar("SELECT v FROM t"));
                Assert.Equal(2L, connection.Scalar("SELECT 1 + 1"));
            }

            Assert.Equal(reads, (pair.Here.Requests - before).Reads);
        }
    }

    [Fact]
    public async Task Opening_closing_and_nothing_cost_nothing()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        var before = pair.Here.Requests;
        for (int i = 0; i < 3; i++)
        {
            using var connection = pair.Connect();
            using var transaction = connection.BeginTransaction();
            transaction.Commit();
        }

        var cost = pair.Here.Requests - before;
        Assert.Equal((0, 0), ((int)cost.Swaps, (int)cost.Reads));
    }

    [Fact]
    public async Task Strong_reads_see_what_others_have_committed_and_stale_ones_need_not()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        var stale = pair.Connect("Read Level=stale by 1h");
        var strong = pair.Connect();
        pair.Rival("INSERT INTO t VALUES (1)");
        Assert.Equal(0L, stale.Scalar("SELECT count(*) FROM t"));
        Assert.Equal(1L, strong.Scalar("SELECT count(*) FROM t"));
        Assert.Equal(1L, await Sql.Command(strong, "SELECT count(*) FROM t").ExecuteScalarAsync());
        stale.ReadLevel = ReadLevel.AtLeast(2);
        Assert.Equal(1L, stale.Scalar("SELECT count(*) FROM t"));
    }

    /// <summary>A connection that does nothing keeps no state of the database in memory.</summary>
    [Fact]
    public async Task An_idle_connection_holds_no_snapshot()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v); INSERT INTO t VALUES (1), (2)");
        var database = pair.Here.Open("app");
        var connection = pair.Connect();
        int idle = database.Context.Snapshots.Held;
        for (int i = 0; i < 3; i++)
        {
            connection.Rows("SELECT v FROM t");
            connection.Execute("INSERT INTO t VALUES (3)");
            using (var reader = Sql.Command(connection, "SELECT v FROM t").ExecuteReader())
            {
                Assert.True(reader.Read());
            }

            using var transaction = connection.BeginTransaction();
            connection.Execute("INSERT INTO t VALUES (4)");
            pair.Rival("INSERT INTO t VALUES (5)");
            transaction.Commit();
            Assert.ThrowsAny<Exception>(() => connection.Execute("SELECT nothing FROM nowhere"));
        }

        Assert.Equal(idle, database.Context.Snapshots.Held);
    }
}
