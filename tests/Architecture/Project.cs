using System.Xml.Linq;

namespace OrleansSqlite.Tests;

/// <summary>A project file and what it depends on.</summary>
/// <param name="File">Its path from the root.</param>
/// <param name="Assembly">The name of the assembly that it makes.</param>
/// <param name="Projects">The paths of the projects that it refers to.</param>
/// <param name="Packages">The packages that it refers to.</param>
/// <param name="Frameworks">The shared frameworks that it refers to.</param>
internal sealed record Project(string File, string Assembly, IReadOnlyList<string> Projects, IReadOnlyList<string> Packages, IReadOnlyList<string> Frameworks)
{
    private static readonly Dictionary<string, Project> ByFile = Repository.Files(pattern: "*.csproj").Select(Load).ToDictionary(project => project.File);

    /// <summary>All projects of the repository.</summary>
    public static IReadOnlyCollection<Project> All => ByFile.Values;

    /// <summary>Those that the product ships and that are built without Orleans. These tests look into their assemblies.</summary>
    public static IReadOnlyList<Project> Core => [.. All.Where(project => project.IsProduct && !project.NeedsOrleans)];

    /// <summary>The name that the design gives it: that of its file.</summary>
    public string Name => Path.GetFileNameWithoutExtension(File);

    /// <summary>Whether the product ships it.</summary>
    public bool IsProduct => File.StartsWith("src/", StringComparison.Ordinal);

    /// <summary>Whether it refers to Orleans, itself or by way of others.</summary>
    public bool NeedsOrleans => Packages.Any(IsOrleans) || Projects.Any(file => ByFile[file].NeedsOrleans);

    public static bool IsOrleans(string package) => package.StartsWith("Microsoft.Orleans.", StringComparison.OrdinalIgnoreCase);

    private static Project Load(string file)
    {
        var content = XDocument.Load(Repository.PathOf(file));
        string folder = Path.GetDirectoryName(file)!;
        return new Project(
            file,
            (string?)content.Descendants("AssemblyName").SingleOrDefault() ?? $"OrleansSqlite.{Path.GetFileNameWithoutExtension(file)}",
            [.. Items("ProjectReference").Select(path => Path.GetRelativePath(Repository.Root, Path.GetFullPath(Repository.PathOf(Path.Combine(folder, path.Replace('\\', '/'))))).Replace('\\', '/'))],
            [.. Items("PackageReference")],
            [.. Items("FrameworkReference")]);

        IEnumerable<string> Items(string kind) => content.Descendants(kind).Select(item => (string?)item.Attribute("Include") ?? "").Where(name => name.Length > 0);
    }
}
