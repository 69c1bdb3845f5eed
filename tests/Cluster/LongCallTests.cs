using Orleans.Hosting;
using OrleansSqlite.Grains;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests;

/// <summary>Collections and compactions take as long as they take: no message waits for their end, and no other call for them.</summary>
public sealed class LongCallTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)";
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private static readonly DatabaseOptions Small = new() { Threads = 4, ProbeStore = false, InlineBytes = 1 << 10 };

    [Fact]
    public async Task One_that_takes_long_is_asked_for_until_it_is_done_and_holds_nobody_up()
    {
        var calls = new AnswersLost(nameof(IDatabaseGrain.CollectAsync));
        await using var scene = await ClusterScene.StartAsync(
            client: options => options.Patience = TimeSpan.FromMilliseconds(100), silo: silo => silo.AddIncomingGrainCallFilter(calls));
        var database = await scene.CreateAsync("app", Schema);
        int before = scene.Stores[0].Count(StoreVerb.Swap);
        var held = Held.Next(scene.Stores[0], StoreVerb.Swap);
        var collection = scene.Databases.CollectAsync("app");
        await held.Arrived;
        await UntilAsync(() => calls.Calls > 3);
        await database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES ('x')"));
        Assert.Equal(SqlValue.From(1), await database.ScalarAsync("SELECT count(*) FROM t"));
        Assert.False(collection.IsCompleted);
        held.Release();
        Assert.Equal(0, (await collection).Deleted);

        // The write, and the one collection, which lost to it.
        Assert.Equal(before + 3, scene.Stores[0].Count(StoreVerb.Swap));
    }

    [Fact]
    public async Task The_caller_s_wish_to_stop_reaches_it()
    {
        var withdrawals = new AnswersLost(nameof(IDatabaseGrain.WithdrawAsync));
        await using var scene = await ClusterScene.StartAsync(options: Small, silo: silo => silo.AddIncomingGrainCallFilter(withdrawals));
        var database = await WithSegmentsAsync(scene);
        var before = await database.DescribeAsync();
        using var cancel = new CancellationTokenSource();
        var held = Held.Next(scene.Stores[0], StoreVerb.Write);
        int swaps = scene.Stores[0].Count(StoreVerb.Swap);
        var compaction = scene.Databases.CompactAsync("app", cancellation: cancel.Token);
        await held.Arrived;
        await cancel.CancelAsync();
        await UntilAsync(() => withdrawals.Calls == 1);
        Assert.False(compaction.IsCompleted);

        // The answer comes from the grain, after the call has ended there.
        held.Release();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => compaction);
        Assert.Equal(swaps, scene.Stores[0].Count(StoreVerb.Swap));
        Assert.Equal(before.Segments, (await database.DescribeAsync()).Segments);
        Assert.Equal(1, (await scene.Databases.CompactAsync("app")).Segments);
    }

    [Fact]
    public async Task A_compaction_tells_how_far_it_is()
    {
        await using var scene = await ClusterScene.StartAsync(options: Small, client: options => options.Patience = TimeSpan.FromMilliseconds(100));
        await WithSegmentsAsync(scene);
        var told = new Told();
        var held = Held.Next(scene.Stores[0], StoreVerb.Swap);
        var compaction = scene.Databases.CompactAsync("app", told);
        await held.Arrived;
        await UntilAsync(() => told.Last is not null);
        held.Release();
        Assert.Equal(1, (await compaction).Segments);
        Assert.Equal("compact", told.Last!.Value.Phase);
        Assert.InRange(told.Last.Value.BytesDone, 1, told.Last.Value.BytesTotal);
    }

    [Fact]
    public async Task When_its_silo_dies_another_one_begins_it_anew()
    {
        await using var scene = await ClusterScene.StartAsync(3, client: options => options.Patience = TimeSpan.FromSeconds(1), responseTimeout: TimeSpan.FromSeconds(3));
        await scene.CreateAsync("app", Schema);
        string active = (await scene.Grain("app").StatusAsync()).Silo;
        var silo = scene.Cluster.Silos.Single(one => one.SiloAddress.ToString() == active);
        var held = Held.Next(scene.WayOf(silo.SiloAddress), StoreVerb.Swap);
        var collection = scene.Databases.CollectAsync("app");
        await held.Arrived;
        var killed = scene.Cluster.KillSiloAsync(silo);
        Assert.Equal(0, (await collection.WaitAsync(TimeSpan.FromMinutes(2))).Deleted);
        Assert.NotEqual(active, (await scene.Grain("app").StatusAsync()).Silo);
        held.Release();
        await killed;
    }

    [Fact]
    public async Task An_activation_that_goes_takes_its_calls_with_it_and_the_next_one_begins_them_anew()
    {
        await using var scene = await ClusterScene.StartAsync(client: options => options.Patience = TimeSpan.FromMilliseconds(100));
        await scene.CreateAsync("app", Schema);
        var held = Held.Next(scene.Stores[0], StoreVerb.Swap);
        var collection = scene.Databases.CollectAsync("app");
        await held.Arrived;
        var gone = scene.Cluster.DeactivateAsync(scene.Grain("app"));
        held.Release();
        await gone;
        Assert.Equal(0, (await collection).Deleted);
    }

    [Fact]
    public async Task Errors_come_back_as_in_process()
    {
        await using var scene = await ClusterScene.StartAsync();
        var error = await Assert.ThrowsAsync<DatabaseException>(() => scene.Databases.CollectAsync("none"));
        Assert.Equal((ErrorCodes.DatabaseNotFound, "none"), (error.Code, error.Database));
        error = await Assert.ThrowsAsync<DatabaseException>(() => scene.Databases.CompactAsync("none"));
        Assert.Equal((ErrorCodes.DatabaseNotFound, "none"), (error.Code, error.Database));
    }

    [Fact]
    public async Task A_result_is_kept_for_a_lost_answer_and_a_failure_is_not()
    {
        var calls = new LongCalls(TimeProvider.System);
        int begun = 0;
        Task<Stage<int>> Ask(string id) => calls.AskAsync(id, Long, (_, _) => Task.FromResult(++begun), CancellationToken.None);
        Assert.Equal((1, 1, 2), ((await Ask("a")).Result, (await Ask("a")).Result, (await Ask("b")).Result));

        var fails = new DatabaseException(ErrorKind.Unavailable, ErrorCodes.StoreUnavailable, "By chance.");
        Assert.Same(fails, await Assert.ThrowsAsync<DatabaseException>(() => calls.AskAsync<int>("c", Long, (_, _) => throw fails, CancellationToken.None)));
        Assert.Equal(3, (await Ask("c")).Result);
    }

    [Fact]
    public async Task One_that_is_stopped_by_its_caller_says_so_and_one_that_is_stopped_otherwise_is_begun_anew()
    {
        var calls = new LongCalls(TimeProvider.System);
        int begun = 0;
        async Task<int> EndlessAsync(IProgress<TransferProgress> progress, CancellationToken stopped)
        {
            Interlocked.Increment(ref begun);
            await Task.Delay(Timeout.Infinite, stopped);
            return begun;
        }

        Assert.False((await calls.AskAsync("a", TimeSpan.Zero, EndlessAsync, CancellationToken.None)).IsDone);
        await UntilAsync(() => Volatile.Read(ref begun) == 1);
        var asked = calls.AskAsync("a", Long, EndlessAsync, CancellationToken.None);
        await calls.EndAsync();
        Assert.False((await asked).IsDone);
        Assert.Equal(1, begun);

        asked = calls.AskAsync("a", Long, EndlessAsync, CancellationToken.None);
        await UntilAsync(() => Volatile.Read(ref begun) == 2);
        await calls.WithdrawAsync("another");
        Assert.False(asked.IsCompleted);
        await calls.WithdrawAsync("a");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task One_that_nobody_asks_for_any_more_is_stopped()
    {
        var time = new VirtualTime();
        var calls = new LongCalls(time);
        var began = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        async Task<int> EndlessAsync(IProgress<TransferProgress> progress, CancellationToken stopped)
        {
            await using var end = stopped.UnsafeRegister(_ => ended.SetResult(), null);
            began.SetResult();
            await Task.Delay(Timeout.Infinite, stopped);
            return 0;
        }

        for (int i = 0; i < 5; i++)
        {
            Assert.False((await calls.AskAsync("a", TimeSpan.Zero, EndlessAsync, CancellationToken.None)).IsDone);
            await began.Task.WaitAsync(Long);
            time.Advance(TimeSpan.FromSeconds(50));
        }

        Assert.False(ended.Task.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(15));
        await ended.Task.WaitAsync(Long);
    }

    /// <summary>A database in several segments.</summary>
    private static async Task<IDatabase> WithSegmentsAsync(ClusterScene scene)
    {
        var database = await scene.CreateAsync("app", Schema);
        await database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES (hex(randomblob(500000)))"));
        for (int i = 0; i < 60; i++)
        {
            await database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES (hex(randomblob(300)))"));
        }

        Assert.True((await database.DescribeAsync()).Segments > 1);
        return database;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), limit.Token);
        }
    }

    private sealed class Told : IProgress<TransferProgress>
    {
        private readonly Lock gate = new();
        private TransferProgress? last;

        public TransferProgress? Last
        {
            get
            {
                lock (gate)
                {
                    return last;
                }
            }
        }

        public void Report(TransferProgress value)
        {
            lock (gate)
            {
                last = value;
            }
        }
    }
}
