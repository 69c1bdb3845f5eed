using System.Globalization;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace OrleansSqlite.Tests;

/// <summary>
/// Runs the simulation: 200 seeds that every run of the tests repeats, shared by as many processes as there are cores. With OSQL_SEED they
/// begin with that seed.
/// </summary>
public sealed partial class SimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 200;
    private const int LeastCommits = 20_000;

    [Fact]
    public async Task Nothing_is_lost_nothing_happens_twice_and_everything_is_strictly_serializable()
    {
        ulong first = ulong.Parse(Environment.GetEnvironmentVariable("OSQL_SEED") ?? "1", CultureInfo.InvariantCulture);
        int processes = Math.Clamp(Environment.ProcessorCount, 1, 4);
        int share = Seeds / processes;
        var runs = await Task.WhenAll(Enumerable.Range(0, processes).Select(number => SimulationProcess.RunAsync(
            "--from", Text(first + (ulong)(number * share)), "--seeds", Text((ulong)(number == processes - 1 ? Seeds - (number * share) : share)))));
        foreach (var (_, said) in runs)
        {
            output.WriteLine(said);
        }

        Assert.All(runs, run => Assert.True(run.Code == 0, run.Output));
        var totals = runs.Select(run => TotalLine().Match(run.Output)).ToArray();
        long commits = totals.Sum(total => long.Parse(total.Groups[1].Value, CultureInfo.InvariantCulture));
        long seeds = totals.Sum(total => long.Parse(total.Groups[2].Value, CultureInfo.InvariantCulture));
        Summarize($"simulated commits: {commits}, seeds: {seeds}");
        Assert.Equal(Seeds, seeds);
        Assert.True(commits >= LeastCommits, $"Only {commits} commits: the runs are too short to find much.");
        Assert.All(
            (string[])["Planned", "Uploaded", "SwapSending", "SwapAnswered", "Resolving", "Landed"],
            point => Assert.Contains(runs, run => Regex.IsMatch(run.Output, $@"crashes:.*\d+ at {point}\b")));
    }

    /// <summary>A run that does not repeat itself can't be looked into.</summary>
    [Fact]
    public async Task The_same_seed_gives_the_same_trace()
    {
        var (code, said) = await SimulationProcess.RunAsync("--from", "500", "--seeds", "15", "--repeat");
        output.WriteLine(said);
        Assert.True(code == 0, said);
    }

    [Fact]
    public async Task A_trace_is_the_same_in_another_process()
    {
        var runs = await Task.WhenAll(SimulationProcess.RunAsync("--seed", "7"), SimulationProcess.RunAsync("--seed", "7"));
        string[] traces = [.. runs.Select(run => TraceOf().Match(run.Output).Value)];
        Assert.NotEmpty(traces[0]);
        Assert.Equal(traces[0], traces[1]);
        var (_, other) = await SimulationProcess.RunAsync("--seed", "8");
        Assert.NotEqual(traces[0], TraceOf().Match(other).Value);
    }

    /// <summary>What is worth a line after a run of all tests goes to the file that its environment names.</summary>
    private void Summarize(string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("OSQL_SUMMARY") is { Length: > 0 } file)
        {
            File.AppendAllText(file, line + "\n");
        }
    }

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"simulated commits: (\d+), seeds: (\d+)")]
    private static partial Regex TotalLine();

    [GeneratedRegex("trace [0-9]+ lines [0-9a-f]{16}")]
    private static partial Regex TraceOf();
}
