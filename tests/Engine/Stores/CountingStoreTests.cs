using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

public sealed class CountingStoreTests : StoreListings
{
    [Fact]
    public async Task Every_request_is_counted_by_its_kind()
    {
        await using var store = new CountingStore(new MemoryStore());
        ETag tag = (await store.SwapAsync("a", new byte[10], null, None)).Tag;
        await store.SwapAsync("a", new byte[20], null, None);
        await store.WriteAsync("b", new byte[100], None);
        StoreCounts before = store.Counts;
        Assert.Equal(new StoreCounts { Swaps = 2, SwapsDone = 1, Writes = 1, BytesWritten = 130 }, before);
        Assert.Equal((0, 3, 3), (before.Gets, before.Puts, before.Requests));

        await store.ReadAsync("b", null, None);
        await store.ReadAsync("a", tag, None);
        await store.ReadRangeAsync("b", 5, 7, None);
        await Assert.ThrowsAsync<StoreException>(async () => await store.ReadRangeAsync("c", 0, 1, None));
        await store.DeleteAsync("b", None);
        await store.ListAsync("", None).ToArrayAsync();
        await store.ListFoldersAsync("", None).ToArrayAsync();
        Assert.Equal(
            new StoreCounts { Reads = 2, NotModified = 1, RangeReads = 2, Failures = 1, Deletes = 1, Listings = 2, BytesRead = 107 },
            store.Counts - before);
    }

    protected override Task<IObjectStore> OpenAsync() => Task.FromResult<IObjectStore>(new CountingStore(new MemoryStore()));
}
