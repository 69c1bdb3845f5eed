namespace OrleansSqlite.Tests;

/// <summary>The files of the repository that these tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] NotOurs = ["bin", "obj", "artifacts", "TestResults", "node_modules", ".git", ".vs", ".idea", ".vscode"];

    /// <summary>The directory of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The path of a file, given from the root with slashes.</summary>
    public static string PathOf(string file) => Path.Combine(Root, file);

    /// <summary>The text of a file.</summary>
    public static string Read(string file) => File.ReadAllText(PathOf(file));

    /// <summary>All files below a folder that belong to the repository, by their paths from the root with slashes, in order.</summary>
    /// <param name="folder">The folder, or nothing for all.</param>
    /// <param name="pattern">Which of them, by name.</param>
    public static IReadOnlyList<string> Files(string folder = "", string pattern = "*")
    {
        string start = PathOf(folder);
        return !Directory.Exists(start) ? [] : [.. Walk(new DirectoryInfo(start), pattern).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Walk(DirectoryInfo directory, string pattern)
    {
        foreach (var file in directory.EnumerateFiles(pattern))
        {
            yield return Path.GetRelativePath(Root, file.FullName).Replace('\\', '/');
        }

        foreach (var below in directory.EnumerateDirectories().Where(folder => !NotOurs.Contains(folder.Name)))
        {
            foreach (string file in Walk(below, pattern))
            {
                yield return file;
            }
        }
    }

    // Paths that the compiler writes down are made up in builds that are to be reproducible, so the way starts at the assembly.
    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "OrleansSqlite.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException($"There is no OrleansSqlite.sln above {AppContext.BaseDirectory}.");
    }
}
