using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>Transactions that share a swap share nothing else.</summary>
public sealed class GroupTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT UNIQUE)";

    [Fact]
    public async Task One_bad_statement_of_a_group_harms_no_neighbour()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var held = Held.Next(scene[0].Store, StoreVerb.Swap);
        var first = scene[0].RunAsync(Add, "first");
        await held.Arrived;
        int swaps = scene[0].Store.Count(StoreVerb.Swap);
        var good = await StackAsync(scene[0], 2, () => scene[0].RunAsync(Add, "good"));
        var twice = await StackAsync(scene[0], 3, () => scene[0].RunAsync(Add, "good"));
        var half = await StackAsync(scene[0], 4, () => scene[0].RunAllAsync("INSERT INTO t(v) VALUES ('half')", "INSERT INTO nowhere VALUES (1)"));
        var thrown = await StackAsync(scene[0], 5, () => scene[0].Database.WriteAsync<int>(db =>
        {
            Sql.Execute(db, "INSERT INTO t(v) VALUES ('thrown away')");
            throw new InvalidTimeZoneException("the closure's own");
        }));
        var last = await StackAsync(scene[0], 6, () => scene[0].RunAsync(Add, "last"));
        held.Release();

        Assert.Equal(1, (await first).LastInsertRowId);
        await Task.WhenAll(good, last);
        Assert.Contains("UNIQUE", (await Process.FailureAsync(twice)).Message);
        Assert.Contains("nowhere", (await Process.FailureAsync(half)).Message);
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => thrown);
        Assert.Equal(swaps + 1, scene[0].Store.Count(StoreVerb.Swap));
        Assert.Equal("1|first\n2|good\n3|last", await scene[1].RowsAsync("SELECT * FROM t ORDER BY id"));
    }

    [Theory, CombinatorialBool]
    public async Task An_error_met_on_a_neighbour_that_is_lost_is_not_reported_but_run_again(bool closure)
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var held = Held.Next(scene[0].Store, StoreVerb.Swap);
        var neighbour = scene[0].RunAsync("INSERT INTO t(v) SELECT 'name' WHERE NOT EXISTS (SELECT 1 FROM t WHERE v = 'rival')");
        await held.Arrived;
        var second = await StackAsync(scene[0], 2, () => closure
            ? scene[0].Database.WriteAsync(db => Sql.Scalar(db, "SELECT count(*) FROM t WHERE v = 'name'") > 0
                ? throw new InvalidTimeZoneException("taken")
                : Sql.Execute(db, "INSERT INTO t(v) VALUES ('name')"))
            : scene[0].RunAsync(Add, "name"));

        // The rival's row keeps the neighbour from taking the name.
        await scene[1].RunAsync(Add, "rival");
        held.Release();
        await neighbour;
        await second;
        Assert.Equal("rival|name", string.Join('|', await scene[1].ColumnAsync("SELECT v FROM t ORDER BY id")));
    }

    [Fact]
    public async Task A_swap_that_is_refused_fails_those_it_carries_and_no_others()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var held = Held.Next(scene[0].Store, StoreVerb.Swap, Fault.Denied);
        var carried = scene[0].RunAsync(Add, "name");
        await held.Arrived;
        var stacked = await StackAsync(scene[0], 2, () => scene[0].RunAsync(Add, "name"));
        held.Release();
        Assert.Equal(ErrorCodes.StoreDenied, (await Process.FailureAsync(carried)).Code);
        await stacked;
        Assert.Equal("name", Assert.Single(await scene[1].ColumnAsync("SELECT v FROM t")));
    }

    [Fact]
    public async Task Nobody_is_answered_before_the_swap_that_carries_it()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var held = Held.Next(scene[0].Store, StoreVerb.Swap);
        var write = scene[0].RunAsync(Add, "a");
        await held.Arrived;
        var stacked = await StackAsync(scene[0], 2, () => scene[0].RunAsync(Add, "b"));
        var failed = await StackAsync(scene[0], 3, () => scene[0].RunAsync(Add, "b"));
        var nothing = await StackAsync(scene[0], 4, () => scene[0].RunAsync("DELETE FROM t WHERE v = 'none'"));
        var closure = await StackAsync(scene[0], 5, () => scene[0].Database.WriteAsync<int>(_ => throw new InvalidTimeZoneException()));
        await Task.Delay(20);
        Assert.DoesNotContain(new[] { write, stacked, failed, nothing, closure }, task => task.IsCompleted);
        Assert.Equal(0, await scene[0].CountAsync("SELECT count(*) FROM t"));
        held.Release();
        await Task.WhenAll(write, stacked, nothing);
        await Process.FailureAsync(failed);
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => closure);
    }

    [Fact]
    public async Task A_lost_swap_runs_everything_again_in_its_order()
    {
        await using var scene = await Scene.WithAsync(2, "CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER)");
        bool lost = false;
        scene[0].Store.BeforeNext(StoreVerb.Swap, async () =>
        {
            // Those that come while the first swap is under way, and one while it is lost.
            await scene[1].RunAsync("INSERT INTO t(v) VALUES (-1)");
            lost = true;
        });
        List<Task> writes = [];
        for (int i = 0; i < 60; i++)
        {
            int number = i;
            writes.Add(scene[0].Database.WriteAsync(db => Sql.Execute(db, "INSERT INTO t(v) VALUES ($1)", number)));
        }

        await Task.WhenAll(writes);
        Assert.True(lost);
        Assert.Equal(
            Enumerable.Range(-1, 61).Select(i => i.ToString()),
            await scene[1].ColumnAsync("SELECT v FROM t ORDER BY id"));
    }

    private const string Add = "INSERT INTO t(v) VALUES (?)";

    /// <summary>Starts a write and waits until so many are stacked.</summary>
    internal static async Task<Task> StackAsync(Process process, int count, Func<Task> start)
    {
        var write = start();
        while (process.Database.StackedCount < count)
        {
            Assert.False(write.IsCompleted, "It was answered before it was stacked.");
            await Task.Delay(1);
        }

        return write;
    }
}
