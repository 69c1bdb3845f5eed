namespace OrleansSqlite.Stores;

/// <summary>The failures that all stores share, worded once.</summary>
internal static class StoreErrors
{
    public static StoreException Missing(string store, string key, Exception? inner = null) => new(
        StoreFailure.Missing, store, key,
        "There is no such object. If the database's head names it, it was deleted by hand or the store was restored to an older state: verify the database.",
        inner);

    public static StoreException Truncated(string store, string key, long offset, int length, long? size, Exception? inner = null) => new(
        StoreFailure.Truncated, store, key,
        $"The object ends before byte {offset + length}{(size is null ? "" : $": it has {size} bytes")}. It is damaged: verify the database.",
        inner);

    public static StoreException Misconfigured(string store, string message, Exception? inner = null) =>
        new(StoreFailure.Misconfigured, store, null, message, inner);
}
