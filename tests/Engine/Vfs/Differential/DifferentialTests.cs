using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>
/// Random transactions on two engines that share a store, and on plain SQLite: the same answers, the same errors, the same content.
/// OSQL_SEED repeats one seed. With OSQL_LONG=1 they go on for OSQL_SECONDS (default 120), from OSQL_SEED on. OSQL_STEPS sets how
/// many transactions a seed has.
/// </summary>
public sealed class DifferentialTests(ITestOutputHelper output)
{
    private const int Seeds = 32;
    private const int MaxFailures = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Two_engines_say_what_plain_SQLite_says()
    {
        bool isLong = Number("OSQL_LONG") == 1;
        int? given = Number("OSQL_SEED");
        int length = Number("OSQL_STEPS") ?? 40;
        int seconds = Number("OSQL_SECONDS") ?? 120;
        int first = given ?? 1;
        int last = given ?? Seeds;
        var tally = new Tally();
        List<string> failures = [];
        var watch = Stopwatch.StartNew();
        for (int seed = first; failures.Count < MaxFailures && (isLong ? watch.Elapsed.TotalSeconds < seconds : seed <= last); seed++)
        {
            var match = new Match((ulong)seed, tally);
            var met = await Record.ExceptionAsync(() => match.RunAsync(length).WaitAsync(Patience));
            var ended = await Record.ExceptionAsync(() => match.DisposeAsync().AsTask().WaitAsync(Patience));
            if ((met ?? ended) is { } failure)
            {
                failures.Add($"OSQL_SEED={seed} OSQL_STEPS={length} dotnet test tests/Engine --filter {nameof(DifferentialTests)}\n{Why(failure)}\n\nThe beginning, and the last transactions:\n{match.Trail}");
            }
        }

        output.WriteLine($"{tally}; {watch.Elapsed.TotalSeconds:0} s");
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
        Assert.True(given is not null || tally.HasMetAll, $"Some of it was hardly met, so hardly tested: {tally}");
    }

    private static string Why(Exception e) => e is Xunit.Sdk.XunitException ? e.Message : e.ToString();

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;
}
