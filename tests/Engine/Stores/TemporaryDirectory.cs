namespace OrleansSqlite.Tests.Stores;

/// <summary>A directory for one test.</summary>
internal sealed class TemporaryDirectory
{
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"osql-{Entropy.System.NextGuid():n}");

    public string Below(string name) => System.IO.Path.Combine(Path, name);

    public void Delete()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
