using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

public sealed class DirectoryStoreTests : StoreRaces
{
    private readonly TemporaryDirectory directory = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        directory.Delete();
    }

    protected override Task<IObjectStore> OpenAsync() => Task.FromResult<IObjectStore>(new DirectoryStore(directory.Path));
}
