using System.Diagnostics;
using System.Globalization;
using OrleansSqlite.Tests.Faults;
using Xunit.Abstractions;

namespace OrleansSqlite.Tests.Commit;

/// <summary>
/// Random histories. A failure names the seed that began it; threads are real, so a seed repeats the work and the faults, not their exact
/// order. With OSQL_LONG=1 they go on for OSQL_SECONDS (default 120); OSQL_SEED begins with that one.
/// </summary>
public sealed class HistoryTests(ITestOutputHelper output)
{
    private static readonly FaultRates Mixed = new()
    {
        Busy = 0.03,
        ReplyLost = 0.03,
        RequestLost = 0.03,
        Late = 0.03,
        Echo = 0.02,
        Denied = 0.005,
        Truncated = 0.005,
        Flipped = 0.005,
        Slow = 0.3,
        MaxDelay = TimeSpan.FromMilliseconds(20),
    };

    public static TheoryData<string> Kinds => ["calm", "faulty", "stormy", "crowded"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Nothing_is_lost_and_nothing_happens_twice(string kind)
    {
        bool isLong = Environment.GetEnvironmentVariable("OSQL_LONG") == "1";
        ulong seed = ulong.Parse(Environment.GetEnvironmentVariable("OSQL_SEED") ?? "1", CultureInfo.InvariantCulture);
        double seconds = double.Parse(Environment.GetEnvironmentVariable("OSQL_SECONDS") ?? "120", CultureInfo.InvariantCulture);
        var watch = Stopwatch.StartNew();
        do
        {
            var history = kind switch
            {
                "calm" => new History(seed, 2, 3, 40, FaultRates.None),
                "faulty" => new History(seed, 3, 3, 30, Mixed),
                "stormy" => new History(seed, 2, 3, 25, Mixed * 3),
                _ => new History(seed, 8, 1, 12, Mixed),
            };
            try
            {
                await history.RunAsync();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(
                    $"To repeat: OSQL_SEED={seed} dotnet test tests/Engine --filter \"FullyQualifiedName~HistoryTests&DisplayName~{kind}\"", e);
            }

            var ends = history.Operations.CountBy(operation => operation.Ended).ToDictionary();
            output.WriteLine($"{kind} {seed}: {ends.GetValueOrDefault(Ended.Landed)} landed, {ends.GetValueOrDefault(Ended.Refused)} refused, "
                + $"{ends.GetValueOrDefault(Ended.Unknown)} unknown, {history.Deaths} deaths, {watch.Elapsed.TotalSeconds:0.0} s");
            Assert.True(ends.GetValueOrDefault(Ended.Landed) > history.Operations.Count / 4, "Hardly anything landed: the faults leave nothing to check.");
            seed++;
        }
        while (isLong && watch.Elapsed.TotalSeconds < seconds);
    }
}
