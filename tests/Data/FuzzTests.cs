using System.Globalization;
using Xunit.Abstractions;

namespace OrleansSqlite.Tests.Data;

/// <summary>
/// Serializability by an oracle. With OSQL_LONG=1 it goes on for 20,000 commits; OSQL_SEED begins with that seed.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int CommitsOfASeed = 500;

    [Fact]
    public async Task What_was_told_is_what_a_serial_run_tells()
    {
        int seed = int.Parse(Environment.GetEnvironmentVariable("OSQL_SEED") ?? "1", CultureInfo.InvariantCulture);
        int wanted = Environment.GetEnvironmentVariable("OSQL_LONG") == "1" ? 20_000 : 2_000;
        for (int commits = 0; commits < wanted; seed++)
        {
            await using var pair = await Pair.OpenAsync(Fuzz.Schema);
            var fuzz = new Fuzz(seed, ignoresRows: false);
            fuzz.Run(pair, CommitsOfASeed);
            output.WriteLine($"seed {seed}: {fuzz.Committed} commits, {fuzz.Conflicts} conflicts");
            Assert.Equal([], fuzz.Deviations(pair));
            Assert.Equal("ok", pair.Look("PRAGMA integrity_check"));
            commits += fuzz.Committed;
        }
    }

    /// <summary>An oracle that notices nothing would pass the test above.</summary>
    [Fact]
    public async Task The_oracle_notices_when_rows_are_left_out_of_the_digest()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            await using var pair = await Pair.OpenAsync(Fuzz.Schema);
            var fuzz = new Fuzz(seed, ignoresRows: true);
            fuzz.Run(pair, CommitsOfASeed);
            if (fuzz.Deviations(pair).Count > 0)
            {
                return;
            }
        }

        Assert.Fail("Without the rows in the digest nothing deviated in 20 runs.");
    }
}
