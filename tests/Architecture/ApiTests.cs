using System.Reflection;

namespace OrleansSqlite.Tests;

/// <summary>
/// The public surface of the library as a text that is reviewed like code: a change of it is never an accident.
/// <c>OSQL_ACCEPT_API=1 ./test --filter ApiTests</c> writes the text anew.
/// </summary>
public sealed class ApiTests
{
    private const string Accept = "OSQL_ACCEPT_API";
    private const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>What the compiler gives every record and every struct.</summary>
    private static readonly string[] Given = ["Equals", "GetHashCode", "ToString", "Deconstruct", "<Clone>$", "op_Equality", "op_Inequality", "PrintMembers", "EqualityContract"];

    [Fact]
    public void The_surface_of_the_engine_is_the_one_that_was_reviewed() => Compare(typeof(DatabaseEngine).Assembly, "OrleansSqlite.Engine.txt");

    private static void Compare(Assembly assembly, string file)
    {
        string path = Repository.PathOf($"tests/Architecture/api/{file}");
        string now = string.Concat(assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal).Select(Describe));
        if (Environment.GetEnvironmentVariable(Accept) == "1")
        {
            File.WriteAllText(path, now);
        }

        string reviewed = File.Exists(path) ? File.ReadAllText(path) : "";
        Assert.True(reviewed == now, $"The public surface has changed. If that is meant, run {Accept}=1 ./test --filter ApiTests and commit tests/Architecture/api/{file}.\n{Difference(reviewed, now)}");
    }

    private static string Describe(Type type)
    {
        var members = type.GetMembers(Public)
            .Where(member => !Given.Contains(member.Name) && member is not TypeInfo)
            .Select(member => (member.Name, Line: ApiText.Member(member)))
            .Where(member => member.Line is not null)
            .OrderBy(member => type.IsEnum ? "" : member.Name, StringComparer.Ordinal).ThenBy(member => member.Line, StringComparer.Ordinal)
            .Select(member => member.Line);
        return $"{ApiText.Declaration(type)}\n{string.Concat(members.Select(line => $"    {line}\n"))}\n";
    }

    private static string Difference(string before, string now)
    {
        var old = before.Split('\n');
        var made = now.Split('\n');
        return string.Join('\n', [.. old.Except(made).Select(line => $"- {line}"), .. made.Except(old).Select(line => $"+ {line}")]);
    }
}
