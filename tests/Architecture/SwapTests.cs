namespace OrleansSqlite.Tests;

/// <summary>Invariant 5 of the commit protocol: one place in the code may swap a head.</summary>
public sealed class SwapTests
{
    [Fact]
    public void The_engine_swaps_in_one_place()
    {
        using var engine = BuiltAssembly.Of("Engine");
        var callers = engine.CallersOf("SwapAsync").Where(type => !type.StartsWith("OrleansSqlite.Stores.", StringComparison.Ordinal));
        Assert.Equal(["OrleansSqlite.Commit.Swap"], callers);
    }

    [Fact]
    public void Nobody_above_the_engine_swaps()
    {
        foreach (var project in Project.Core.Where(project => project.Name != "Engine"))
        {
            using var above = BuiltAssembly.Of(project.Name);
            Assert.Equal([], above.CallersOf("SwapAsync"));
        }
    }

    /// <summary>A search that finds nothing would pass the tests above, so it is shown that it finds.</summary>
    [Fact]
    public void The_search_finds_calls()
    {
        using var engine = BuiltAssembly.Of("Engine");
        var callers = engine.CallersOf("SwapAsync");
        Assert.Contains("OrleansSqlite.Stores.StoreProbe", callers);
        Assert.Contains("OrleansSqlite.Stores.CountingStore", callers);
        Assert.Contains("OrleansSqlite.EngineDatabase", engine.CallersOf("QueueAsync"));
    }
}
