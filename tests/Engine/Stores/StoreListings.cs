using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

/// <summary>The promises of a store about its listings.</summary>
public abstract class StoreListings : StoreConformance
{
    // More than one page of a listing.
    private const int ManyKeys = 1100;

    [StoreFact]
    public async Task A_listing_is_complete_and_in_the_order_of_keys()
    {
        string[] keys = ["a-b/x", "a.b", "a/head", "a/segments/1", "a/segments/10", "a/segments/2", "a0", "ab/head", "Z/head"];
        foreach (string key in keys)
        {
            await Store.WriteAsync(key, Bytes(key), None);
        }

        ObjectInfo[] all = await ListAsync("");
        Assert.Equal(keys.Order(StringComparer.Ordinal), all.Select(info => info.Key));
        Assert.All(all, info => Assert.Equal(info.Key.Length, info.Bytes));
        Assert.All(all, info => Assert.InRange(info.Modified, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1)));
        Assert.Equal(["a/head", "a/segments/1", "a/segments/10", "a/segments/2"], (await ListAsync("a/")).Select(info => info.Key));
        Assert.Equal(["a/segments/1", "a/segments/10"], (await ListAsync("a/segments/1")).Select(info => info.Key));
        Assert.Equal(keys.Where(key => key[0] == 'a').Order(StringComparer.Ordinal), (await ListAsync("a")).Select(info => info.Key));
        Assert.Empty(await ListAsync("b"));
        Assert.Empty(await ListAsync("a/head/"));
    }

    [StoreFact]
    public async Task Folders_are_listed_once_each_while_they_hold_something()
    {
        foreach (string key in (string[])["a-b/x", "a/head", "a/segments/1", "b/segments/1", "c/deep/er/x", "file"])
        {
            await Store.WriteAsync(key, Bytes("x"), None);
        }

        Assert.Equal(["a-b", "a", "b", "c"], await FoldersAsync(""));
        Assert.Equal(["segments"], await FoldersAsync("a/"));
        Assert.Equal(["er"], await FoldersAsync("c/deep/"));
        Assert.Empty(await FoldersAsync("nothing/"));
        await Store.DeleteAsync("c/deep/er/x", None);
        Assert.Equal(["a-b", "a", "b"], await FoldersAsync(""));
    }

    [StoreFact]
    public async Task A_listing_goes_on_beyond_its_first_page()
    {
        string[] keys = [.. Enumerable.Range(0, ManyKeys).Select(i => $"many/{i:d5}/x")];
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (key, cancellation) => await Store.WriteAsync(key, Bytes("x"), cancellation));
        Assert.Equal(keys, (await ListAsync("many/")).Select(info => info.Key));
        Assert.Equal(keys.Select(key => key[5..10]), await FoldersAsync("many/"));
    }
}
