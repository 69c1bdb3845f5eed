using System.Diagnostics;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>A statement that SQLite can't be stopped in: whoever cancels it need not wait for its end, and is told the truth.</summary>
public sealed class WithdrawnTests
{
    /// <summary>One call of a function, of some seconds.</summary>
    private const string LongCall = "SELECT instr(printf('%.*c', 1200000, 'a'), printf('%.*c', 300000, 'a') || 'b' || printf('%.*c', 300000, 'a'))";

    [Fact]
    public async Task A_batch_whose_caller_was_told_that_it_was_cancelled_never_takes_effect()
    {
        await using var scene = await SceneAsync();
        using var cancellation = new CancellationTokenSource();
        var write = scene[0].Database.ExecuteAsync(new Batch("INSERT INTO t VALUES (1)", LongCall), cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.WaitAsync(TimeSpan.FromSeconds(60)));

        // Its turn ends with it, and the next write comes after.
        await scene[0].RunAsync("INSERT INTO t VALUES (2)");
        Assert.Equal(SqlValue.From(2), await scene[0].Database.ScalarAsync("SELECT group_concat(v) + 0 FROM t"));
        Assert.Equal(2, (await scene.HeadAsync()).Version);
    }

    [Fact]
    public async Task A_query_that_was_left_gives_its_snapshot_back_when_it_ends()
    {
        await using var scene = await SceneAsync();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var clock = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scene[0].Database.QueryAllAsync(LongCall, default, cancellation.Token));
        await scene[0].RunAsync("INSERT INTO t VALUES (1)");
        Assert.Equal(SqlValue.From(1), await scene[0].Database.ScalarAsync("SELECT count(*) FROM t"));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 60);
    }

    private static async Task<Scene> SceneAsync()
    {
        var scene = new Scene();
        var process = await scene.JoinAsync(realTime: true);
        await process.Engine.CreateAsync(Scene.Name);
        await process.RunAsync("CREATE TABLE t(v)");
        return scene;
    }
}
