using System.Text.Json;
using System.Text.RegularExpressions;

namespace OrleansSqlite.Tests;

/// <summary>The solution holds everything, and its filter the part that is built without Orleans.</summary>
public sealed partial class SolutionTests
{
    [Fact]
    public void The_solution_holds_every_project() =>
        Assert.Equal(Project.All.Select(project => project.File).Order(), InSolution().Order());

    [Fact]
    public void The_core_filter_holds_the_projects_that_do_without_Orleans()
    {
        using var filter = JsonDocument.Parse(Repository.Read("OrleansSqlite.Core.slnf"));
        var held = filter.RootElement.GetProperty("solution").GetProperty("projects").EnumerateArray().Select(project => project.GetString()!.Replace('\\', '/'));
        Assert.Equal(Project.All.Where(project => !project.NeedsOrleans).Select(project => project.File).Order(), held.Order());
    }

    private static IEnumerable<string> InSolution() =>
        ProjectLine().Matches(Repository.Read("OrleansSqlite.sln")).Select(match => match.Groups[1].Value.Replace('\\', '/'));

    [GeneratedRegex("""^Project\(.*"([^"]+\.csproj)"\s*,""", RegexOptions.Multiline)]
    private static partial Regex ProjectLine();
}
