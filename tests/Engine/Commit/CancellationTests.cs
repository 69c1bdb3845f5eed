using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>A cancelled write has not taken effect, and never will; one that can't be stopped any more is answered by what became of it.</summary>
public sealed class CancellationTests
{
    private const string Schema = "CREATE TABLE t(v)";
    private const string Insert = "INSERT INTO t VALUES ('cancelled')";
    private static readonly string Endless = Sql.Series("SELECT count(*) FROM generate_series(1, 1000000000000)");

    [Fact]
    public async Task Before_it_is_queued()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await CancelledAsync(scene[0].Database.ExecuteAsync(Insert, cancelled.Token));
        await CancelledAsync(scene[0].Database.WriteAsync(db => Sql.Execute(db, Insert), cancelled.Token));
        await NothingAsync(scene);
    }

    [Fact]
    public async Task While_the_database_is_opened()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var process = await scene.JoinAsync();
        using var cancelled = new CancellationTokenSource();
        process.Store.BeforeNext(StoreVerb.Read, cancelled.CancelAsync);
        await CancelledAsync(process.Database.ExecuteAsync(Insert, cancelled.Token));
        await NothingAsync(scene);
        await process.RunAsync("INSERT INTO t VALUES ('next')");
    }

    [Fact]
    public async Task While_it_waits_for_its_turn()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var busy = scene[0].Database.WriteAsync(_ =>
        {
            entered.Set();
            return leave.Wait(TimeSpan.FromSeconds(30));
        });
        entered.Wait();
        using var cancelled = new CancellationTokenSource();
        var waiting = scene[0].Database.ExecuteAsync(Insert, cancelled.Token);
        await cancelled.CancelAsync();

        // At once: not when its turn comes.
        await CancelledAsync(waiting);
        leave.Set();
        await busy;
        await NothingAsync(scene);
    }

    [Theory, CombinatorialBool]
    public async Task While_a_statement_runs(bool closure)
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        using var cancelled = new CancellationTokenSource();
        var running = closure
            ? scene[0].Database.WriteAsync(db => Sql.Execute(db, Insert) + Sql.Scalar(db, Endless), cancelled.Token)
            : (Task)scene[0].Database.ExecuteAsync(new Batch(new Statement(Insert), new Statement(Endless)), cancelled.Token);
        await Task.Delay(100);
        await cancelled.CancelAsync();
        await CancelledAsync(running);
        await NothingAsync(scene);
        await scene[0].RunAsync("INSERT INTO t VALUES ('next')");
    }

    [Fact]
    public async Task Between_two_statements()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        using var cancelled = new CancellationTokenSource();

        // Interrupting does nothing to a connection at rest, so it must be asked for, too.
        await CancelledAsync(scene[0].Database.WriteAsync(
            db =>
            {
                Sql.Execute(db, Insert);
                cancelled.Cancel();
                return Sql.Execute(db, Insert);
            },
            cancelled.Token));
        await NothingAsync(scene);
    }

    [Fact]
    public async Task While_its_swap_is_under_way_it_is_waited_for()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var held = Held.Next(scene[0].Store, StoreVerb.Swap);
        using var cancelled = new CancellationTokenSource();
        var write = scene[0].Database.ExecuteAsync(Insert, cancelled.Token);
        await held.Arrived;
        await cancelled.CancelAsync();
        Assert.False(write.IsCompleted);
        held.Release();
        Assert.Equal(2, (await write).Version);
        Assert.Equal(1, await scene[1].CountAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task After_its_swap_was_lost_it_does_not_run_again()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        using var cancelled = new CancellationTokenSource();
        scene[0].Store.BeforeNext(StoreVerb.Swap, async () =>
        {
            await scene[1].RunAsync("INSERT INTO t VALUES ('rival')");
            await cancelled.CancelAsync();
        });
        await CancelledAsync(scene[0].Database.ExecuteAsync(Insert, cancelled.Token));
        await NothingAsync(scene);
    }

    [Fact]
    public async Task While_the_newest_head_is_read_after_a_loss_it_is_answered_at_once()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        using var cancelled = new CancellationTokenSource();
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync("INSERT INTO t VALUES ('rival')"), Fault.RequestLost);
        scene[0].Store.Next(StoreVerb.Read, Fault.None);
        var held = Held.Next(scene[0].Store, StoreVerb.Swap);
        var first = scene[0].RunAsync("INSERT INTO t VALUES ('first')");
        await held.Arrived;
        var second = await GroupTests.StackAsync(scene[0], 2, () => scene[0].Database.ExecuteAsync(Insert, cancelled.Token));
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync("INSERT INTO t VALUES ('rival')"));
        await cancelled.CancelAsync();
        Assert.False(second.IsCompleted);
        held.Release();
        await first;

        // It was stacked on a swap that landed, so it may have landed with the next one, or not at all: its answer says which.
        long expected = 0;
        try
        {
            await second;
            expected = 1;
        }
        catch (OperationCanceledException)
        {
        }

        Assert.Equal(expected, await scene[1].CountAsync("SELECT count(*) FROM t WHERE v = 'cancelled'"));
    }

    [Fact]
    public async Task A_token_of_the_closures_own_is_not_the_callers()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scene[0].Database.WriteAsync<int>(db =>
        {
            Sql.Execute(db, Insert);
            throw new OperationCanceledException("the closure's own");
        }));
        await NothingAsync(scene);
        await scene[0].RunAsync("INSERT INTO t VALUES ('next')");
    }

    [Fact]
    public async Task A_token_that_outlives_its_writes_does_not_keep_them()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        using var lasting = new CancellationTokenSource();
        List<WeakReference> batches = [];
        for (int i = 0; i < 200; i++)
        {
            batches.Add(await WriteAsync(scene[0].Database, lasting.Token));
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.InRange(batches.Count(batch => batch.IsAlive), 0, 20);
    }

    [Fact]
    public async Task Cancelling_at_any_moment_is_answered_by_the_truth()
    {
        await using var scene = await Scene.WithAsync(2, "CREATE TABLE t(v INTEGER)");
        var entropy = new Entropy(7);
        var writes = Enumerable.Range(0, 300).Select(async i =>
        {
            using var cancelled = new CancellationTokenSource();
            var write = scene[i % 2].Database.ExecuteAsync(new Batch(new Statement("INSERT INTO t VALUES (?)", i)), cancelled.Token);
            for (int spin = (int)(entropy.NextDouble() * 50); spin > 0; spin--)
            {
                await Task.Yield();
            }

            await cancelled.CancelAsync();
            try
            {
                await write;
                return i;
            }
            catch (OperationCanceledException)
            {
                return -1;
            }
        });
        var landed = (await Task.WhenAll(writes)).Where(i => i >= 0).Select(i => i.ToString());
        Assert.Equal(landed.Order(), (await scene[1].ColumnAsync("SELECT v FROM t")).Order());
    }

    private static async Task<WeakReference> WriteAsync(EngineDatabase database, CancellationToken cancellation)
    {
        var batch = new Batch(new Statement(Insert));
        await database.ExecuteAsync(batch, cancellation);
        return new WeakReference(batch);
    }

    private static async Task CancelledAsync(Task write) =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.WaitAsync(TimeSpan.FromSeconds(20)));

    private static async Task NothingAsync(Scene scene)
    {
        Assert.Equal(0, await scene[0].CountAsync("SELECT count(*) FROM t WHERE v = 'cancelled'"));
        await scene[0].RunAsync("INSERT INTO t VALUES ('later')");
        Assert.Equal(0, await scene[0].CountAsync("SELECT count(*) FROM t WHERE v = 'cancelled'"));
    }
}
