using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>An engine that is closed answers everybody, and leaves nothing behind.</summary>
public sealed class ClosingTests
{
    private const string Schema = "CREATE TABLE t(v)";
    private const string Insert = "INSERT INTO t VALUES (?)";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_swap_under_way_is_waited_for_and_answered()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var held = Held.Next(scene[0].Store, StoreVerb.Swap);
        var write = scene[0].RunAsync(Insert, 1);
        await held.Arrived;
        var closing = scene[0].DisposeAsync().AsTask();
        await Task.Delay(20);
        Assert.False(closing.IsCompleted);
        held.Release();
        await write.WaitAsync(Soon);
        await closing.WaitAsync(Soon);
        Assert.Equal(1, await scene[1].CountAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_swap_under_way_that_is_lost_is_not_tried_again()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var held = Held.Next(scene[0].Store, StoreVerb.Swap);
        var write = scene[0].RunAsync(Insert, 1);
        await held.Arrived;
        await scene[1].RunAsync(Insert, 2);
        var closing = scene[0].DisposeAsync().AsTask();
        held.Release();
        var error = await Process.FailureAsync(write.WaitAsync(Soon));
        Assert.Equal((ErrorKind.Unavailable, true), (error.Kind, error.OutcomeKnown));
        await closing.WaitAsync(Soon);
        Assert.Equal("2", Assert.Single(await scene[1].ColumnAsync("SELECT v FROM t")));
    }

    [Fact]
    public async Task Those_who_wait_are_told_and_what_runs_is_waited_for()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var running = scene[0].Database.WriteAsync(db =>
        {
            entered.Set();
            leave.Wait(Soon);
            return Sql.Execute(db, "INSERT INTO t VALUES (1)");
        });
        Assert.True(entered.Wait(Soon));
        var waiting = Enumerable.Range(2, 10).Select(i => scene[0].RunAsync(Insert, i)).ToArray();
        var closing = scene[0].DisposeAsync().AsTask();
        Assert.All(await Task.WhenAll(waiting.Select(write => Process.FailureAsync(write.WaitAsync(Soon)))), error => Assert.True(error.OutcomeKnown));
        Assert.False(closing.IsCompleted);
        leave.Set();
        Assert.True((await Process.FailureAsync(running.WaitAsync(Soon))).OutcomeKnown);
        await closing.WaitAsync(Soon);
        Assert.Equal(0, await scene[1].CountAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task While_a_loser_pauses_or_reads_the_head()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync(Insert, 2), Fault.RequestLost);
        scene[0].Store.BeforeNext(StoreVerb.Read, () => Task.CompletedTask);
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync(Insert, 2));
        var held = Held.Next(scene[0].Store, StoreVerb.Read);
        var write = scene[0].RunAsync(Insert, 1);
        await held.Arrived;
        var closing = scene[0].DisposeAsync().AsTask();
        held.Release();
        Assert.True((await Process.FailureAsync(write.WaitAsync(Soon))).OutcomeKnown);
        await closing.WaitAsync(Soon);
        Assert.Equal(0, await scene[1].CountAsync("SELECT count(*) FROM t WHERE v = 1"));
    }

    [Fact]
    public async Task A_closed_engine_says_so()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var database = scene[0].Database;
        await scene[0].DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.ExecuteAsync("INSERT INTO t VALUES (1)"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.ScalarAsync("SELECT 1"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.ReadAsync(_ => 1));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.WriteAsync(_ => 1));
        Assert.Throws<ObjectDisposedException>(() => scene[0].Engine.Open(Scene.Name));
        await scene[0].Engine.DisposeAsync();
    }

    [Fact]
    public async Task A_reader_that_is_still_open_keeps_its_pages_until_it_ends()
    {
        await using var scene = await Scene.WithAsync(1, Schema, Sql.Series("INSERT INTO t SELECT value FROM generate_series(1, 2000)"));
        var database = scene[0].Database;
        var rows = await database.QueryAsync("SELECT v FROM t");
        await rows.ReadAsync();
        await scene[0].Engine.DisposeAsync();
        Assert.Equal(1, database.Context.Snapshots.Held);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await rows.ReadAsync());
        await rows.DisposeAsync();
        Assert.Equal(0, database.Context.Snapshots.Held);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task At_any_moment_everybody_is_answered_by_the_truth(int seed)
    {
        await using var scene = await Scene.WithAsync(2, new DatabaseOptions { Threads = 4, InlineBytes = 4 << 10 }, Schema);
        var entropy = new Entropy((ulong)seed);
        scene[0].Store.Always = _ => Fault.Slow(entropy.Jitter(TimeSpan.FromMilliseconds(2)));
        var landed = new List<int>();
        var unknown = new List<int>();
        var calls = Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            await Task.Delay((int)(entropy.NextDouble() * 40));
            try
            {
                if (i % 5 == 0)
                {
                    await scene[0].Database.ScalarAsync("SELECT count(*) FROM t");
                    return;
                }

                await (i % 2 == 0
                    ? scene[0].Database.WriteAsync(db => Sql.Execute(db, "INSERT INTO t VALUES ($1)", i))
                    : (Task)scene[0].RunAsync(Insert, i));
                lock (landed)
                {
                    landed.Add(i);
                }
            }
            catch (ObjectDisposedException)
            {
            }
            catch (DatabaseException e)
            {
                lock (landed)
                {
                    unknown.AddRange(e.OutcomeKnown ? [] : [i]);
                }
            }
        })).ToArray();
        var rival = Task.Run(async () =>
        {
            for (int i = 0; i < 10; i++)
            {
                await scene[1].RunAsync(Insert, -1);
            }
        });
        await Task.Delay((int)(entropy.NextDouble() * 60));
        await scene[0].Engine.DisposeAsync().AsTask().WaitAsync(Soon);
        await Task.WhenAll(calls).WaitAsync(Soon);
        await rival;
        var there = (await scene[1].ColumnAsync("SELECT v FROM t WHERE v >= 0")).Select(int.Parse).ToHashSet();
        Assert.Empty(landed.Except(there));
        Assert.Empty(there.Except(landed).Except(unknown));
    }
}
