using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>What commits cost, request by request.</summary>
public sealed class CommitRequestsTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)";
    private const string Insert = "INSERT INTO t(v) VALUES ('x')";

    [Fact]
    public async Task A_warm_small_commit_is_one_PUT_and_no_GET()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var cost = await CostAsync(scene[0], () => scene[0].RunAsync(Insert));
        Assert.Equal((1, 1, 1), (cost.Requests, cost.Puts, cost.SwapsDone));

        cost = await CostAsync(scene[0], () => scene[0].Database.WriteAsync(db => Sql.Execute(db, Insert)));
        Assert.Equal((1, 1, 1), (cost.Requests, cost.Puts, cost.SwapsDone));

        cost = await CostAsync(scene[0], () => scene[0].Database.ExecuteAsync(new Batch(new Statement(Insert)) { OperationId = "one" }));
        Assert.Equal((1, 1, 1), (cost.Requests, cost.Puts, cost.SwapsDone));
    }

    [Fact]
    public async Task Three_hundred_commits_in_a_row_are_one_swap_each()
    {
        const int commits = 300;
        await using var scene = await Scene.WithAsync(1, Schema);
        scene[0].Store.Always = _ => Fault.Slow(TimeSpan.FromMilliseconds(20));
        var cost = await CostAsync(scene[0], async () =>
        {
            for (int i = 0; i < commits; i++)
            {
                await scene[0].RunAsync("INSERT INTO t(v) VALUES (hex(randomblob(400)))");
            }
        });
        Assert.Equal((commits, commits), (cost.Swaps, cost.SwapsDone));

        // About 1 KB each: a flush for every 128 KiB, each of one or two segments.
        Assert.InRange(cost.Writes, 1, 12);

        // A look for raised hands after every eighth swap of a writer that never rests.
        Assert.InRange(cost.Reads, 0, commits / 8);
        Assert.Equal((0, 0, 0), (cost.RangeReads, cost.Deletes, cost.Listings));
    }

    [Fact]
    public async Task A_writer_that_rests_between_its_commits_does_not_look_for_raised_hands()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        scene[0].Store.Always = _ => Fault.Slow(TimeSpan.FromMilliseconds(20));
        var cost = await CostAsync(scene[0], async () =>
        {
            for (int i = 0; i < 60; i++)
            {
                await scene[0].RunAsync(Insert);
                await Task.Delay(TimeSpan.FromMilliseconds(50), scene.Time);
            }
        });
        Assert.Equal((60, 60, 0), (cost.Requests, cost.Swaps, cost.Gets));
    }

    [Fact]
    public async Task A_large_commit_is_one_upload_a_copy_of_the_head_beside_it_and_one_swap()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var cost = await CostAsync(scene[0], () => scene[0].RunAsync(
            Sql.Series("INSERT INTO t(v) SELECT hex(randomblob(500)) FROM generate_series(1, 1000)")));
        Assert.Equal((3, 2, 1, 0), (cost.Requests, cost.Writes, cost.Swaps, cost.Gets));
    }

    [Fact]
    public async Task A_write_that_changes_nothing_is_one_conditional_GET()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var cost = await CostAsync(scene[0], () => scene[0].RunAsync("DELETE FROM t WHERE v = 'none'"));
        Assert.Equal((1, 1, 1), (cost.Requests, cost.Reads, cost.NotModified));

        cost = await CostAsync(scene[0], () => Process.FailureAsync(scene[0].RunAsync("INSERT INTO nowhere VALUES (1)")));
        Assert.Equal((1, 1, 1), (cost.Requests, cost.Reads, cost.NotModified));
    }

    [Fact]
    public async Task A_lost_race_costs_a_GET_and_another_PUT()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync(Insert));
        var cost = await CostAsync(scene[0], () => scene[0].RunAsync(Insert));
        Assert.Equal((3, 2, 1, 1), (cost.Requests, cost.Swaps, cost.SwapsDone, cost.Reads));
    }

    [Fact]
    public async Task A_lost_reply_costs_a_GET()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        scene[0].Store.Next(StoreVerb.Swap, Fault.ReplyLost);
        var cost = await CostAsync(scene[0], () => scene[0].RunAsync(Insert));
        Assert.Equal((2, 1, 1), (cost.Requests, cost.Swaps, cost.Reads));
    }

    [Fact]
    public async Task The_first_write_of_a_process_is_a_GET_and_a_PUT()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var process = await scene.JoinAsync();
        await process.RunAsync(Insert);
        Assert.Equal((2, 1, 1, 0), (process.Engine.Requests.Requests, process.Engine.Requests.Reads, process.Engine.Requests.Swaps, process.Engine.Requests.Listings));
    }

    [Fact]
    public async Task An_idle_database_costs_nothing()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => scene[i % 2].RunAsync(Insert)));
        await scene[0].CountAsync("SELECT count(*) FROM t");
        await Task.Delay(TimeSpan.FromMinutes(1), scene.Time);
        var cost = await CostAsync(scene[0], () => CostAsync(scene[1], () => Task.Delay(TimeSpan.FromDays(30), scene.Time)));
        Assert.Equal(0, cost.Requests);
    }

    [Fact]
    public async Task Creating_is_one_PUT_and_deleting_a_GET_and_a_PUT()
    {
        await using var scene = new Scene();
        var process = await scene.JoinAsync();
        var cost = await CostAsync(process, () => process.Engine.CreateAsync(Scene.Name));
        Assert.Equal((1, 1), (cost.Requests, cost.Swaps));
        cost = await CostAsync(process, () => process.Engine.DeleteAsync(Scene.Name));
        Assert.Equal((2, 1, 1), (cost.Requests, cost.Reads, cost.Swaps));
    }

    internal static async Task<StoreCounts> CostAsync(Process process, Func<Task> action)
    {
        var before = process.Engine.Requests;
        await action();
        return process.Engine.Requests - before;
    }
}
