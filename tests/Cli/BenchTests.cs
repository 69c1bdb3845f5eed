namespace OrleansSqlite.Tests;

public sealed class BenchTests : IDisposable
{
    private readonly Sandbox box = new();

    [Fact]
    public async Task It_measures_and_leaves_nothing_behind()
    {
        var json = (await box.RunAsync("bench", "--callers", "8", "--seconds", "0.5", "--json")).Ok().Json();
        Assert.Equal(8, json.GetProperty("callers").GetInt32());
        var transactions = json.GetProperty("transactions").GetInt64();
        Assert.InRange(transactions, 8, long.MaxValue);
        Assert.InRange(json.GetProperty("p50Ms").GetDouble(), 0.001, json.GetProperty("p99Ms").GetDouble());
        Assert.InRange(json.GetProperty("requests").GetProperty("puts").GetInt64(), 1, long.MaxValue);
        Assert.Empty((await box.RunAsync("list")).Ok().Lines());
    }

    [Fact]
    public async Task What_is_kept_holds_what_was_counted()
    {
        var lines = (await box.RunAsync("bench", "--callers", "2", "--seconds", "0.2", "--keep")).Ok().Lines();
        string Value(string name) => lines.Single(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Trim();
        Assert.Equal($"{Value("transactions")}\n", (await box.RunAsync("query", Value("kept as"), "select count(*) from event")).Ok().Out);
    }

    [Theory]
    [InlineData("--callers", "0")]
    [InlineData("--seconds", "-1")]
    public async Task Numbers_out_of_range_are_said(string option, string value) => (await box.RunAsync("bench", option, value)).Failed(2, "--callers");

    public void Dispose() => box.Dispose();
}
