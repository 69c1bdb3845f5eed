using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>Many callers share few swaps.</summary>
public sealed class GroupCommitTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER)";
    private const string Insert = "INSERT INTO t(v) VALUES (?)";
    private static readonly Fault Far = Fault.Slow(TimeSpan.FromMilliseconds(20));

    [Fact]
    public async Task Two_hundred_and_fifty_six_callers_land_in_few_swaps()
    {
        const int callers = 256;
        const int each = 4;
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.Always = _ => Far;
        var cost = await CommitRequestsTests.CostAsync(scene[0], () => Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (int i = 0; i < each; i++)
            {
                await scene[0].RunAsync(Insert, (caller * each) + i);
            }
        }))));
        Assert.Equal(callers * each, await scene[1].CountAsync("SELECT count(DISTINCT v) FROM t"));

        // Each caller's four writes need four swaps at least; all callers together need not many more.
        Assert.InRange(cost.SwapsDone, each, 40);
        Assert.Equal(cost.Swaps, cost.SwapsDone);
    }

    [Fact]
    public async Task A_swap_that_is_lost_with_groups_stacked_on_it_runs_all_of_them_again_in_order()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        List<Task> writes = [];
        var held = Held.Next(scene[0].Store, StoreVerb.Swap);
        writes.Add(scene[0].RunAsync(Insert, 0));
        await held.Arrived;
        for (int i = 1; i < 100; i++)
        {
            int number = i;
            writes.Add(await GroupTests.StackAsync(scene[0], i + 1, () => i % 3 == 0
                ? scene[0].Database.WriteAsync(db => Sql.Execute(db, "INSERT INTO t(v) VALUES ($1)", number))
                : scene[0].RunAsync(Insert, number)));
        }

        await scene[1].RunAsync(Insert, -1);
        held.Release();
        await Task.WhenAll(writes);
        Assert.Equal(Enumerable.Range(-1, 101).Select(i => $"{i}"), await scene[1].ColumnAsync("SELECT v FROM t ORDER BY id"));
    }

    [Fact]
    public async Task A_lone_caller_is_not_made_to_wait_for_company()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        scene[0].Store.Always = _ => Far;
        var began = scene.Time.Elapsed;
        for (int i = 0; i < 200; i++)
        {
            await scene[0].RunAsync(Insert, i);
        }

        // Twenty milliseconds each, and a few for the times that it looked for others and found none.
        Assert.InRange(scene.Time.Elapsed - began, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(4.6));
    }

    [Fact]
    public async Task A_full_queue_answers_at_once()
    {
        var options = new DatabaseOptions { Threads = 2, QueueLength = 5 };
        await using var scene = await Scene.WithAsync(1, options, Schema);
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var running = scene[0].Database.WriteAsync(_ =>
        {
            entered.Set();
            return leave.Wait(TimeSpan.FromSeconds(30));
        });
        Assert.True(entered.Wait(TimeSpan.FromSeconds(30)));
        using var cancelled = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 5).Select(i => scene[0].Database.ExecuteAsync(new Batch(new Statement(Insert, i)), cancelled.Token)).ToArray();
        var error = await Process.FailureAsync(scene[0].RunAsync(Insert, 99));
        Assert.Equal((ErrorKind.Overloaded, ErrorCodes.QueueFull, true), (error.Kind, error.Code, error.OutcomeKnown));

        // Who gives up makes room.
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));
        var next = scene[0].RunAsync(Insert, 100);
        leave.Set();
        await Task.WhenAll(running, next);
        Assert.Equal("100", Assert.Single(await scene[0].ColumnAsync("SELECT v FROM t")));
    }

    [Fact]
    public async Task What_is_stacked_in_memory_is_bounded()
    {
        const int megabytes = 160;
        await using var scene = await Scene.WithAsync(2, new DatabaseOptions { Threads = 2, TransactionBytes = 1L << 30 }, "CREATE TABLE t(v)");
        var held = Held.Next(scene[0].Store, StoreVerb.Swap);
        var writes = Enumerable.Range(0, megabytes / 8).Select(i => scene[0].RunAsync("INSERT INTO t VALUES (zeroblob(8 << 20))")).ToArray();
        await held.Arrived;
        int stacked = -1;
        for (int quiet = 0; quiet < 10; quiet = scene[0].Database.StackedCount == stacked ? quiet + 1 : 0)
        {
            stacked = scene[0].Database.StackedCount;
            await Task.Delay(50);
        }

        // 64 MiB under way and as much again stacked on it, give or take one; the rest waits in the queue.
        Assert.InRange(stacked, 2, 18);
        held.Release();
        await Task.WhenAll(writes);
        Assert.Equal(megabytes / 8, await scene[1].CountAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_write_that_only_ever_loses_is_told_so_in_the_end()
    {
        await using var scene = await Scene.WithAsync(2, new DatabaseOptions { Threads = 2, RetryCount = 20 }, Schema);
        scene[0].Store.Before = async request =>
        {
            if (request.Verb == StoreVerb.Swap)
            {
                await scene[1].RunAsync(Insert, -1);
            }
        };
        var error = await Process.FailureAsync(scene[0].RunAsync(Insert, 1));
        Assert.Equal((ErrorKind.Conflict, ErrorCodes.RetriesExhausted, true), (error.Kind, error.Code, error.OutcomeKnown));
        Assert.Equal(21, await scene[1].CountAsync("SELECT count(*) FROM t WHERE v = -1"));
        Assert.Equal(0, await scene[1].CountAsync("SELECT count(*) FROM t WHERE v = 1"));

        scene[0].Store.Before = null;
        await scene[0].RunAsync(Insert, 1);
    }

    [Fact]
    public async Task A_number_of_attempts_is_kept_to()
    {
        await using var scene = await Scene.WithAsync(2, new DatabaseOptions { Threads = 2, RetryCount = 3 }, Schema);
        scene[0].Store.Before = async request =>
        {
            if (request.Verb == StoreVerb.Swap)
            {
                await scene[1].RunAsync(Insert, -1);
            }
        };
        int runs = 0;
        var error = await Process.FailureAsync(scene[0].Database.WriteAsync(db => ++runs + Sql.Execute(db, "INSERT INTO t(v) VALUES (1)")));
        Assert.Equal((ErrorCodes.RetriesExhausted, 4), (error.Code, runs));
    }
}
