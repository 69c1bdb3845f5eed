using Orleans;

namespace OrleansSqlite;

/// <summary>
/// The databases of the store. What it keeps in grain storage saves requests, and holds no data: when it is lost, the next list makes it
/// anew from the store.
/// </summary>
[Alias("OrleansSqlite.ICatalogGrain")]
public interface ICatalogGrain : IGrainWithStringKey
{
    /// <summary>The key of the one catalogue.</summary>
    const string Key = "catalog";

    /// <summary>The databases by name: from the store, or with <see cref="ReadLevel.StaleBy"/> as they were at most that long ago.</summary>
    [Alias("List")]
    Task<Reply<DatabaseDescription[]>> ListAsync(ReadLevel level, CancellationToken cancellation = default);
}
