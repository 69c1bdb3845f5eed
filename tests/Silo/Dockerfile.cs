using System.Text.RegularExpressions;

namespace OrleansSqlite.Tests;

/// <summary>What deploy/Dockerfile says, so that tests do the same and not what it said once.</summary>
internal static partial class Dockerfile
{
    private static readonly string[] Lines = [.. Continued().Replace(Repository.Read("deploy/Dockerfile"), " ").Split('\n')];

    /// <summary>The arguments of dotnet with which the program is built.</summary>
    public static string[] Publish { get; } =
        [.. Lines.Single(line => line.StartsWith("RUN ", StringComparison.Ordinal) && line.Contains("dotnet publish", StringComparison.Ordinal)).Split("dotnet ", 2)[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>The environment of the container. What stands before the last FROM is the builder's.</summary>
    public static Dictionary<string, string> Environment { get; } =
        Final("ENV").Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

    /// <summary>The one folder that outlives the container.</summary>
    public static string Volume { get; } = Final("VOLUME").Single();

    /// <summary>The program, by its path in the image.</summary>
    public static string[] Entry { get; } = Exec(Final("ENTRYPOINT").Single());

    /// <summary>The program that says whether the container is well.</summary>
    public static string[] HealthCheck { get; } = Exec(Final("HEALTHCHECK").Single().Split("CMD ", 2)[1]);

    private static IEnumerable<string> Final(string instruction) =>
        Lines.Skip(Array.FindLastIndex(Lines, line => line.StartsWith("FROM ", StringComparison.Ordinal)))
            .Where(line => line.StartsWith($"{instruction} ", StringComparison.Ordinal))
            .Select(line => line[(instruction.Length + 1)..]);

    private static string[] Exec(string json) => System.Text.Json.JsonSerializer.Deserialize<string[]>(json)!;

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();
}
