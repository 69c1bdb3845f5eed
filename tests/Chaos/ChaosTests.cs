using System.Globalization;
using Xunit.Abstractions;

namespace OrleansSqlite.Tests;

/// <summary>
/// OSQL_CHAOS_WRITES sets how many writes must be acknowledged, OSQL_SEED what befalls them (real processes don't repeat themselves
/// exactly; a seed repeats what they go through, not when).
/// </summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const string FewWrites = "2500";

    [S3Fact]
    [Trait("Category", "S3")]
    public async Task Whatever_happens_to_requests_and_processes_nothing_is_lost_and_nothing_happens_twice()
    {
        int writes = int.Parse(Setting("OSQL_CHAOS_WRITES") ?? FewWrites, CultureInfo.InvariantCulture);
        ulong seed = ulong.Parse(Setting("OSQL_SEED") ?? $"{(uint)Entropy.System.Next128()}", CultureInfo.InvariantCulture);
        string repeat = $"To repeat it: OSQL_SEED={seed} OSQL_CHAOS_WRITES={writes} dotnet test tests/Chaos -c Release";
        output.WriteLine(repeat);
        await S3Server.WithStoreAsync(async url =>
        {
            var store = new Uri(url);
            await using var run = new ChaosRun(seed, writes, store.Host, store.AbsolutePath.Trim('/'));
            var (summary, problems) = await run.RunAsync();
            output.WriteLine(summary);
            Assert.True(problems.Count == 0, $"{repeat}\n{problems.Count} problems:\n{string.Join('\n', problems.Take(50))}");
            if (Setting("OSQL_SUMMARY") is { } file)
            {
                await File.AppendAllTextAsync(file, summary + "\n");
            }
        });
    }

    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
