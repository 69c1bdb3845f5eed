namespace OrleansSqlite.Tests;

/// <summary>The bugs that are put in to see whether tests notice. A change of the code that one of them no longer fits would leave it out unseen.</summary>
public sealed class MutantTests
{
    public static TheoryData<string> Patches => [.. Repository.Files("tests/Mutants", "*.patch")];

    [Theory]
    [MemberData(nameof(Patches))]
    public void Mutant_fits_the_code(string patch)
    {
        var hunks = Hunks(patch).ToArray();
        Assert.NotEmpty(hunks);
        Assert.Equal([], hunks.Where(hunk => !Repository.Read(hunk.File).ReplaceLineEndings("\n").Contains(hunk.Before, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Patches))]
    public void Mutant_names_tests(string patch)
    {
        string[] lines = Repository.Read(patch).Split('\n');
        string project = lines.FirstOrDefault(static line => line.StartsWith("Project: ", StringComparison.Ordinal))?["Project: ".Length..] ?? "tests/Engine";
        string tests = Assert.Single(lines, static line => line.StartsWith("Tests: ", StringComparison.Ordinal))["Tests: ".Length..];
        var sources = Repository.Files(project, "*.cs");
        Assert.All(tests.Split('|'), test => Assert.Contains(sources, source => test.Split('.').Any(part => Path.GetFileNameWithoutExtension(source) == part)));
    }

    /// <summary>Each hunk: its file, and the lines that it takes for granted.</summary>
    private static IEnumerable<(string File, string Before)> Hunks(string patch)
    {
        string file = "";
        List<string>? before = null;
        foreach (string line in Repository.Read(patch).ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Append("@@"))
        {
            if (before is not null && (line.StartsWith("@@", StringComparison.Ordinal) || line.StartsWith("--- ", StringComparison.Ordinal)))
            {
                yield return (file, string.Join('\n', before));
                before = null;
            }

            if (line.StartsWith("+++ b/", StringComparison.Ordinal))
            {
                file = line["+++ b/".Length..];
            }
            else if (line.StartsWith("@@", StringComparison.Ordinal))
            {
                before = [];
            }
            else if (before is not null && line is not ['+', ..])
            {
                before.Add(line.Length > 0 ? line[1..] : "");
            }
        }
    }
}
