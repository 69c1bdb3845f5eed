namespace OrleansSqlite.Tests;

/// <summary>Invariant 5 of the commit protocol: one place in the code may swap a head.</summary>
public sealed class SwapTests
{
    private const string Stores = "OrleansSqlite.Stores.";

    /// <summary>The other one writes pins, whose names users choose: it replaces nothing but what it wrote itself.</summary>
    private static readonly string[] Callers = ["OrleansSqlite.Commit.Swap", "OrleansSqlite.Maintenance.ClaimedPin"];

    [Fact]
    public void The_engine_swaps_heads_in_one_place()
    {
        using var engine = BuiltAssembly.Of("Engine");
        Assert.Equal(Callers, engine.CallersOf(IsSwap).Where(type => !type.StartsWith(Stores, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray());
        Assert.DoesNotContain("Keys.Head", Repository.Read("src/Engine/Maintenance/ClaimedPin.cs"), StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_above_the_engine_swaps()
    {
        foreach (var project in Project.Core.Where(project => project.Name != "Engine"))
        {
            using var above = BuiltAssembly.Of(project.Name);
            Assert.Equal([], above.CallersOf(IsSwap));
        }
    }

    /// <summary>A search that finds nothing would pass the tests above, so it is shown that it finds: here, and in another assembly.</summary>
    [Fact]
    public void The_search_finds_calls()
    {
        using var engine = BuiltAssembly.Of("Engine");
        Assert.Contains(Stores + "StoreProbe", engine.CallersOf(IsSwap));
        Assert.Contains(Stores + "CountingStore", engine.CallersOf(IsSwap));
        using var cli = BuiltAssembly.Of("Cli");
        Assert.NotEmpty(cli.CallersOf(method => method == "OrleansSqlite.DatabaseEngine.OpenAsync"));
    }

    private static bool IsSwap(string method) => method.StartsWith(Stores, StringComparison.Ordinal) && method.EndsWith(".SwapAsync", StringComparison.Ordinal);
}
