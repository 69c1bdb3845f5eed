using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

public sealed class MemoryStoreTests : StoreRaces
{
    [Fact]
    public async Task Stores_of_one_name_are_one_and_those_without_are_not()
    {
        string name = $"{Entropy.System.NextGuid():n}";
        await new MemoryStore(name: name).WriteAsync("a", Bytes("shared"), None);
        Assert.Equal("shared", Text(await new MemoryStore(name: name).ReadAsync("a", null, None)));
        await new MemoryStore().WriteAsync("a", Bytes("private"), None);
        Assert.Equal(ReadAnswer.Missing, (await new MemoryStore().ReadAsync("a", null, None)).Answer);
    }

    protected override Task<IObjectStore> OpenAsync() => Task.FromResult<IObjectStore>(new MemoryStore());
}
