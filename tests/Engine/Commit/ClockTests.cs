using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>Clocks inform people. They never decide who may write.</summary>
public sealed class ClockTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT)";

    [Theory]
    [InlineData(-400)]
    [InlineData(400)]
    public async Task Whose_clock_is_wrong_writes_wins_and_loses_like_everybody_else(int daysAhead)
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        await using var wrong = await JoinAsync(scene, new SkewedTime(scene.Time, TimeSpan.FromDays(daysAhead)));

        await wrong.RunAsync("INSERT INTO t(v) VALUES ('wrong')");
        await scene[0].RunAsync("INSERT INTO t(v) VALUES ('right')");
        wrong.Store.BeforeNext(StoreVerb.Swap, () => scene[0].RunAsync("INSERT INTO t(v) VALUES ('right wins')"));
        await wrong.RunAsync("INSERT INTO t(v) VALUES ('wrong loses')");
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => wrong.RunAsync("INSERT INTO t(v) VALUES ('wrong wins')"));
        await scene[0].RunAsync("INSERT INTO t(v) VALUES ('right loses')");

        Assert.Equal(
            "wrong|right|right wins|wrong loses|wrong wins|right loses", string.Join('|', await scene[0].ColumnAsync("SELECT v FROM t ORDER BY id")));
        Assert.Equal(7, (await scene.HeadAsync()).Version);
    }

    [Theory]
    [InlineData(-400)]
    [InlineData(400)]
    public async Task Whose_clock_is_wrong_neither_forgets_operations_nor_has_its_own_forgotten(int daysAhead)
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        await using var wrong = await JoinAsync(scene, new SkewedTime(scene.Time, TimeSpan.FromDays(daysAhead)));
        var (first, second) = (Operation("first"), Operation("second"));
        await scene[0].Database.ExecuteAsync(first);
        await wrong.Database.ExecuteAsync(second);
        await wrong.Database.ExecuteAsync(Operation("third"));
        await scene[0].Database.ExecuteAsync(Operation("fourth"));
        await scene[0].Database.ExecuteAsync(first);
        await wrong.Database.ExecuteAsync(second);
        Assert.Equal(["first", "second", "third", "fourth"], await scene[0].ColumnAsync("SELECT v FROM t ORDER BY id"));
    }

    /// <summary>A function of a cloud, say, that nobody called for days: it wakes up, and commits without having read anything.</summary>
    [Fact]
    public async Task Who_stood_still_for_days_has_its_operations_remembered()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var time = new SkewedTime(scene.Time, TimeSpan.Zero);
        await using var sleeper = await JoinAsync(scene, time);
        await sleeper.Database.DescribeAsync();
        time.Paused = TimeSpan.FromDays(3);
        scene.Time.Advance(time.Paused);
        int reads = sleeper.Store.Count(StoreVerb.Read);
        await sleeper.Database.ExecuteAsync(Operation("first"));
        Assert.Equal(reads, sleeper.Store.Count(StoreVerb.Read));
        await scene[0].Database.ExecuteAsync(Operation("second"));
        await sleeper.Database.ExecuteAsync(Operation("first"));
        Assert.Equal(["first", "second"], await scene[0].ColumnAsync("SELECT v FROM t ORDER BY id"));
    }

    private static async Task<Process> JoinAsync(Scene scene, TimeProvider time)
    {
        var store = new FaultyStore(scene.Memory, scene.Time, 77);
        var engine = await DatabaseEngine.OpenAsync(store, new DatabaseOptions { Threads = 2, ProbeStore = false }, null, time, new Entropy(78));
        return new Process(store, engine);
    }

    private static Batch Operation(string id) => new Batch(new Statement("INSERT INTO t(v) VALUES (?)", id)) { OperationId = id };
}
