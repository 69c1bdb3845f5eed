using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests;

/// <summary>A store in a folder of its own, which several processes could share.</summary>
internal sealed class StoreDirectory : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("orleans-sqlite-");

    public string Url => $"file:{directory.FullName}";

    public IObjectStore Open() => ObjectStores.Open(Url, TimeProvider.System, Entropy.System);

    public void Dispose() => directory.Delete(recursive: true);
}
