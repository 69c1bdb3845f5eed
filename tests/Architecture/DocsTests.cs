using System.Text.RegularExpressions;

namespace OrleansSqlite.Tests;

/// <summary>The pages hold together: links lead somewhere, and C# on them is C# that is compiled and run.</summary>
public sealed partial class DocsTests
{
    private static readonly IReadOnlyList<string> Pages = Repository.Files(pattern: "*.md");

    [Fact]
    public void Links_lead_somewhere()
    {
        List<string> broken = [];
        int links = 0;
        foreach (string page in Pages)
        {
            foreach (string target in Links(page).Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal)))
            {
                links++;
                string[] halves = target.Split('#', 2);
                string file = halves[0].Length == 0 ? page : Relative(page, halves[0]);
                bool leads = File.Exists(Repository.PathOf(file)) || Directory.Exists(Repository.PathOf(file));
                if (!leads || (halves.Length == 2 && !Anchors(file).Contains(halves[1])))
                {
                    broken.Add($"{page}: {target}");
                }
            }
        }

        Assert.Equal([], broken);
        Assert.True(links > 20, $"Only {links} links were found: the search for them is broken.");
    }

    [Fact]
    public void CSharp_on_a_page_is_cut_out_of_an_example_that_runs()
    {
        string[] examples = [.. Repository.Files("tests", "*.cs").Where(file => file.Contains("/Examples/", StringComparison.Ordinal)).Select(file => Plain(Repository.Read(file)))];
        var blocks = Pages.SelectMany(page => CSharp().Matches(Repository.Read(page)).Select(match => (Page: page, Code: Plain(match.Groups[1].Value)))).ToArray();
        Assert.Contains(blocks, block => block.Page == "README.md");
        Assert.Equal([], blocks.Where(block => !examples.Any(example => example.Contains(block.Code, StringComparison.Ordinal))).Select(block => $"{block.Page}:\n{block.Code}"));
    }

    /// <summary>Every page can be found from the front page.</summary>
    [Fact]
    public void Every_page_is_linked_from_the_readme()
    {
        var reached = new HashSet<string> { "README.md" };
        var open = new Queue<string>(reached);
        while (open.TryDequeue(out string? page))
        {
            foreach (string target in Links(page).Select(link => link.Split('#')[0]).Where(link => link.EndsWith(".md", StringComparison.Ordinal) && !link.Contains("://", StringComparison.Ordinal)))
            {
                string file = Relative(page, target);
                if (File.Exists(Repository.PathOf(file)) && reached.Add(file))
                {
                    open.Enqueue(file);
                }
            }
        }

        Assert.Equal([], Pages.Except(reached));
    }

    private static IEnumerable<string> Links(string page) =>
        Link().Matches(Fence().Replace(Repository.Read(page), "")).Select(match => match.Groups[1].Value);

    private static string Relative(string page, string target) =>
        Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.PathOf(Path.GetDirectoryName(page)!), target))).Replace('\\', '/');

    /// <summary>The anchors of a page's headings, made the way that the usual renderers make them.</summary>
    private static HashSet<string> Anchors(string page) =>
        [.. Heading().Matches(Fence().Replace(Repository.Read(page), "")).Select(match => NotInAnchor().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    /// <summary>Lines without their indentation, and without blank ones.</summary>
    private static string Plain(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex(@"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CSharp();

    [GeneratedRegex(@"^#{1,6} +(.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}
