using System.Globalization;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace OrleansSqlite.Tests;

/// <summary>
/// A hundred processes with a writer each and nothing else running, on a store that takes fifteen swaps a second on one key. The time is the
/// simulation's, so these are no timed tests: the same seed gives the same numbers on every machine.
/// </summary>
public sealed partial class HerdTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1, "--closures")]
    public async Task A_herd_shares_its_swaps(int seed, params string[] how)
    {
        var (once, sustained) = await RunAsync(100, seed, ["--verbose", .. how]);
        Assert.InRange(once.P99, 1, 1499);
        Assert.InRange(once.Requests, 1, 6);
        Assert.InRange(sustained.Rate, 300, 10_000);
        Assert.InRange(sustained.P99, 1, 999);
    }

    /// <summary>A few are not held up by what is meant for many.</summary>
    [Fact]
    public async Task A_pair_does_as_well_as_without()
    {
        var (_, sustained) = await RunAsync(2, 2, "--verbose");
        Assert.InRange(sustained.Rate, 12, 100);
        Assert.InRange(sustained.Requests, 1, 4);
    }

    private async Task<(Herd Once, Herd Sustained)> RunAsync(int writers, int seed, params string[] more)
    {
        var (code, said) = await SimulationProcess.RunAsync(
            ["--herd", writers.ToString(CultureInfo.InvariantCulture), "--from", seed.ToString(CultureInfo.InvariantCulture), .. more]);
        output.WriteLine(said);
        Assert.True(code == 0, said);
        var found = Line().Matches(said).Select(line => new Herd(Value(line, 1), Value(line, 2), Value(line, 3))).ToArray();
        return (found[0], found[1]);
    }

    private static double Value(Match line, int group) => double.Parse(line.Groups[group].Value, CultureInfo.InvariantCulture);

    private sealed record Herd(double Rate, double P99, double Requests);

    [GeneratedRegex(@" writes, ([\d.]+)/s, .* p99 ([\d.]+) ms, .* ([\d.]+) requests each")]
    private static partial Regex Line();
}
