using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests;

/// <summary>A directory for one test, with room for a store, files and acknowledgements.</summary>
internal sealed class TemporaryDirectory
{
    public TemporaryDirectory() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"osql-processes-{Entropy.System.NextGuid():n}");

    /// <summary>The directory of a store in it.</summary>
    public string StorePath => Below("store");

    /// <summary>The URL of that store.</summary>
    public string StoreUrl => new DirectoryStore(StorePath).Url;

    public string Below(string name) => System.IO.Path.Combine(Path, name);

    public void Delete() => Directory.Delete(Path, recursive: true);
}
