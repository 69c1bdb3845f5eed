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
        var store = new FaultyStore(scene.Memory, scene.Time, 77);
        var engine = await DatabaseEngine.OpenAsync(
            store,
            new DatabaseOptions { Threads = 2, ProbeStore = false },
            null,
            new SkewedTime(scene.Time, TimeSpan.FromDays(daysAhead)),
            new Entropy(78));
        await using var wrong = new Process(store, engine);

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
        var store = new FaultyStore(scene.Memory, scene.Time, 77);
        var engine = await DatabaseEngine.OpenAsync(
            store,
            new DatabaseOptions { Threads = 2, ProbeStore = false },
            null,
            new SkewedTime(scene.Time, TimeSpan.FromDays(daysAhead)),
            new Entropy(78));
        await using var wrong = new Process(store, engine);
        var (first, second) = (Operation("first"), Operation("second"));
        await scene[0].Database.ExecuteAsync(first);
        await wrong.Database.ExecuteAsync(second);
        await wrong.Database.ExecuteAsync(Operation("third"));
        await scene[0].Database.ExecuteAsync(Operation("fourth"));
        await scene[0].Database.ExecuteAsync(first);
        await wrong.Database.ExecuteAsync(second);
        Assert.Equal(["first", "second", "third", "fourth"], await scene[0].ColumnAsync("SELECT v FROM t ORDER BY id"));
    }

    private static Batch Operation(string id) => new Batch(new Statement("INSERT INTO t(v) VALUES (?)", id)) { OperationId = id };
}
