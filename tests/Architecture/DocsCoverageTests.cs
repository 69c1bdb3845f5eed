using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;

namespace OrleansSqlite.Tests;

/// <summary>What an operator can set, see or meet is on a page: a new setting, error, metric or crash point is not forgotten there.</summary>
public sealed partial class DocsCoverageTests
{
    [Fact]
    public void Every_setting_is_described() => AssertNamed("docs/OPERATIONS.md", Properties(typeof(DatabaseOptions)));

    [Fact]
    public void Every_setting_for_S3_is_described() => AssertNamed("docs/OPERATIONS.md", Properties(typeof(Stores.S3Options)));

    [Fact]
    public void Every_parameter_of_a_URL_is_described() =>
        AssertNamed("docs/OPERATIONS.md", Stores.S3UrlParameters.Names);

    [Fact]
    public void Every_error_code_is_described() =>
        AssertNamed("docs/OPERATIONS.md", [.. typeof(ErrorCodes).GetFields().Select(field => (string)field.GetRawConstantValue()!)]);

    [Fact]
    public void Every_point_at_which_a_process_may_die_is_described() => AssertNamed("docs/PROTOCOL.md", Enum.GetNames<Commit.CommitPoint>());

    [Fact]
    public void Every_metric_is_described()
    {
        List<string> names = [];
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == Metrics.Name)
            {
                names.Add(instrument.Name);
            }
        };
        listener.Start();

        // The instruments come to be when the class is first used.
        System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(Metrics).TypeHandle);
        AssertNamed("docs/OPERATIONS.md", names);
    }

    /// <summary>A page that points into the code points at what is there.</summary>
    [Fact]
    public void Code_that_is_named_on_a_page_exists()
    {
        const BindingFlags any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        var types = typeof(DatabaseEngine).Assembly.GetTypes().ToLookup(type => type.Name);
        var sources = Repository.Files("src", "*.cs").Concat(Repository.Files("tests", "*.cs")).ToArray();
        List<string> missing = [];
        int found = 0;
        foreach (string page in (string[])["ARCHITECTURE.md", "CONTRIBUTING.md", .. Repository.Files("docs", "*.md")])
        {
            string text = Repository.Read(page);
            var members = MemberName().Matches(text).Where(match => !types[match.Groups[1].Value].Any(type => type.GetMember(match.Groups[2].Value, any).Length > 0));
            var files = FileName().Matches(text).Where(match => !sources.Any(file => file.EndsWith($"/{match.Groups[1].Value}", StringComparison.Ordinal)));
            missing.AddRange(members.Concat(files).Select(match => $"{page}: {match.Value}"));
            found += MemberName().Count(text) + FileName().Count(text);
        }

        Assert.Equal([], missing);
        Assert.True(found > 40, $"Only {found} names were found: the search for them is broken.");
    }

    /// <summary>The table of mutants says what each is, and who notices.</summary>
    [Fact]
    public void Every_mutant_is_in_the_table()
    {
        string[] patches = [.. Repository.Files("tests/Mutants", "*.patch").Select(file => Path.GetFileName(file)[..2])];
        string table = Repository.Read("docs/TESTING.md").Split("## Mutants")[1].Split("\n## ")[0];
        var listed = table.Split('\n').Where(line => line.StartsWith('|')).SelectMany(line => MutantNumber().Matches(line.Split('|')[2]).Select(match => match.Value));
        Assert.NotEmpty(patches);
        Assert.Equal(patches.Order(), listed.Order());
    }

    private static void AssertNamed(string page, IReadOnlyCollection<string> names)
    {
        string text = Repository.Read(page);
        Assert.NotEmpty(names);
        Assert.Equal([], names.Where(name => !text.Contains($"`{name}`", StringComparison.Ordinal)));
    }

    private static string[] Properties(Type type) =>
        [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name)];

    [GeneratedRegex(@"`([A-Z]\w+)\.([A-Z]\w+)(?:\([^`]*\))?`")]
    private static partial Regex MemberName();

    [GeneratedRegex(@"\b\d\d\b")]
    private static partial Regex MutantNumber();

    [GeneratedRegex(@"`(?:src/Engine/|src/)?([\w./]+\.cs)`")]
    private static partial Regex FileName();
}
