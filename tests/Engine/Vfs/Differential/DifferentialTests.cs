using System.Globalization;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>
/// Random transactions on two engines that share a store, and on plain SQLite: the same answers, the same errors, the same content.
/// OSQL_SEED repeats one seed, OSQL_LONG runs many, OSQL_STEPS sets how many transactions each has.
/// </summary>
public sealed class DifferentialTests
{
    private static readonly int Steps = Number("OSQL_STEPS") ?? 40;

    public static TheoryData<int> Blocks => [.. Enumerable.Range(0, Number("OSQL_SEED") is null ? 4 : 1)];

    [Theory]
    [MemberData(nameof(Blocks))]
    public async Task Two_engines_say_what_plain_SQLite_says(int block)
    {
        // In blocks, which run beside each other; with time for all tests of the suite to end within theirs.
        int length = Number("OSQL_LONG") is null ? 8 : 250;
        int first = Number("OSQL_FIRST") ?? 1;
        var seeds = Number("OSQL_SEED") is { } one ? [one] : Enumerable.Range(first + (block * length), length);
        foreach (int seed in seeds)
        {
            var match = new Match((ulong)seed);
            try
            {
                await match.RunAsync(Steps).WaitAsync(TimeSpan.FromMinutes(5));
            }
            catch (Exception e)
            {
                Assert.Fail(
                    $"OSQL_SEED={seed} OSQL_STEPS={Steps} dotnet test tests/Engine --filter {nameof(Two_engines_say_what_plain_SQLite_says)}\n\n{e}\n\n{match.Trail}");
            }

            await match.DisposeAsync();
        }
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;
}
