using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;
using StoreFault = OrleansSqlite.Tests.Faults.Fault;

namespace OrleansSqlite.Tests;

/// <summary>Two activations of one database at once: two clusters that don't know of each other, over one store.</summary>
public sealed class TwoActivationsTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)";

    [Fact]
    public async Task Both_write_and_nothing_is_lost_or_there_twice()
    {
        var store = new MemoryStore();
        await using var one = await ClusterScene.StartAsync(1, store);
        await using var two = await ClusterScene.StartAsync(1, store);
        var first = await one.CreateAsync("app", Schema);
        var second = two.Databases.Get("app");
        var writes = Enumerable.Range(0, 300).Select(i =>
            (i % 2 == 0 ? first : second).ExecuteAsync(new Batch(new Statement("INSERT INTO t(v) VALUES (?)", $"w{i:000}"))));
        await Task.WhenAll(writes);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"w{i:000}"), await one.ColumnAsync("app", "SELECT v FROM t ORDER BY v"));
        Assert.Equal((await first.DescribeAsync()).Version, (await second.DescribeAsync()).Version);
    }

    /// <summary>Its swap was applied, the answer stays away, and meanwhile the other one writes.</summary>
    [Theory]
    [InlineData("none")]
    [InlineData("lost")]
    [InlineData("echo")]
    public async Task One_pauses_between_its_swap_and_the_reply(string fault)
    {
        var store = new MemoryStore();
        await using var one = await ClusterScene.StartAsync(1, store);
        await using var two = await ClusterScene.StartAsync(1, store);
        var first = await one.CreateAsync("app", Schema);
        var second = two.Databases.Get("app");
        await second.DescribeAsync();

        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var applied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        one.Stores[0].AfterNextSwap = async () =>
        {
            applied.SetResult();
            await answer.Task;
        };
        one.Stores[0].Next(StoreVerb.Swap, fault switch { "lost" => StoreFault.ReplyLost, "echo" => StoreFault.Echo, _ => StoreFault.None });
        var paused = Enumerable.Range(0, 5).Select(i => first.ExecuteAsync(new Batch(new Statement("INSERT INTO t(v) VALUES (?)", $"first {i}")))).ToArray();
        await applied.Task.WaitAsync(TimeSpan.FromSeconds(30));
        for (int i = 0; i < 5; i++)
        {
            await second.ExecuteAsync(new Batch(new Statement("INSERT INTO t(v) VALUES (?)", $"second {i}")));
        }

        answer.SetResult();
        await Task.WhenAll(paused);
        string[] expected = [.. Enumerable.Range(0, 5).Select(i => $"first {i}"), .. Enumerable.Range(0, 5).Select(i => $"second {i}")];
        Assert.Equal(expected, await one.ColumnAsync("app", "SELECT v FROM t ORDER BY v"));
        Assert.Equal(10, (await one.ColumnAsync("app", "SELECT DISTINCT id FROM t")).Count);
    }
}
