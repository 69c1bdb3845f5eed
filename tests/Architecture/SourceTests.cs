using System.Text.RegularExpressions;

namespace OrleansSqlite.Tests;

/// <summary>What every source file must keep, whoever writes it.</summary>
public sealed partial class SourceTests
{
    private const int MaxLines = 400;

    /// <summary>Folders of the engine, from the bottom up: none uses one that stands behind it.</summary>
    private static readonly string[] Layers = ["Stores", "Format", "Pages", "Vfs"];
    private static readonly string[] Upper = ["Commit", "Transactions", "Reads", "TimeTravel", "Maintenance", "Transfer", "Data", "Verification"];

    [Fact]
    public void No_file_of_the_product_is_long()
    {
        string[] sources = [.. Repository.Files("src", "*.cs"), .. Repository.Files("src/Console/src")];
        Assert.NotEmpty(sources);
        Assert.Equal([], sources.Where(file => File.ReadLines(Repository.PathOf(file)).Count() > MaxLines));
    }

    [Fact]
    public void No_type_is_named_after_nothing()
    {
        foreach (var project in Project.Core)
        {
            using var built = BuiltAssembly.Of(project.Name);
            Assert.NotEmpty(built.Types);
            Assert.Equal([], built.Types.Where(type => NamedAfterNothing().IsMatch(type)));
        }
    }

    /// <summary>A file that names a place of the machine that it was written on, or work that was put off.</summary>
    [Fact]
    public void No_text_speaks_of_its_making()
    {
        var texts = Repository.Files().Where(IsText).ToArray();
        Assert.Contains("src/Engine/Commit/Swap.cs", texts);
        Assert.Contains("README.md", texts);
        Assert.Contains("src/Console/src/main.tsx", texts);
        Assert.Equal([], texts.SelectMany(file => File.ReadLines(Repository.PathOf(file)).Where(line => OfItsMaking().IsMatch(line)).Select(line => $"{file}: {line.Trim()}")));
    }

    /// <summary>The tests above hold only as long as they notice.</summary>
    [Theory]
    [InlineData("see /wo" + "rk/notes.md")]
    [InlineData("cp /ro" + "ot/.nuget")]
    [InlineData("// TO" + "DO: later")]
    public void What_is_looked_for_is_found(string line) => Assert.Matches(OfItsMaking(), line);

    [Theory]
    [InlineData("OrleansSqlite.Swap" + "Manager")]
    [InlineData("OrleansSqlite.String" + "Utils")]
    [InlineData("OrleansSqlite.Path" + "Helper.Inner")]
    [InlineData("OrleansSqlite.Common" + "Things")]
    public void Empty_names_are_found(string type) => Assert.Matches(NamedAfterNothing(), type);

    [Fact]
    public void Lower_folders_of_the_engine_do_not_know_upper_ones()
    {
        for (int i = 0; i < Layers.Length; i++)
        {
            string above = string.Join('|', Layers.Skip(i + 1).Concat(Upper));
            var uses = new Regex($@"^using OrleansSqlite\.({above})\b|(?<![\w.""/])({above})\.[A-Z]\w+", RegexOptions.Multiline);
            var sources = Repository.Files($"src/Engine/{Layers[i]}", "*.cs");
            Assert.NotEmpty(sources);
            Assert.Equal([], sources.SelectMany(file => uses.Matches(Repository.Read(file)).Select(match => $"{file}: {match.Value}")));
        }
    }

    private static bool IsText(string file) =>
        Path.GetExtension(file) is ".cs" or ".csproj" or ".props" or ".targets" or ".md" or ".txt" or ".json" or ".sh" or ".yml" or ".yaml" or ".html" or ".css" or ".js" or ".mjs" or ".ts" or ".tsx" or ".sql"
        || Path.GetExtension(file).Length == 0;

    [GeneratedRegex(@"(^|[\s""'`(=:,])/(work|root)(/|\b)|\bTODO\b")]
    private static partial Regex OfItsMaking();

    [GeneratedRegex(@"(Manager|Helper|Utils?|Utility|Utilities)(?![a-z])|Common(?![a-z])")]
    private static partial Regex NamedAfterNothing();
}
