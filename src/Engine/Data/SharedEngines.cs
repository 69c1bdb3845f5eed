using System.Collections.Concurrent;

namespace OrleansSqlite.Data;

/// <summary>The engines of connections that name their store in the connection string: one for each store, for the whole process.</summary>
internal static class SharedEngines
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<DatabaseEngine>>> Engines = new(StringComparer.Ordinal);

    /// <summary>The engine of a store, opened by the first who asks.</summary>
    public static async Task<DatabaseEngine> GetAsync(string storeUrl, CancellationToken cancellation)
    {
        var engine = Engines.GetOrAdd(storeUrl, static url => new Lazy<Task<DatabaseEngine>>(() => OpenAsync(url)));
        try
        {
            return await engine.Value.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch when (engine.Value.IsFaulted)
        {
            // The next one tries again: the store may come back. (The caller's own cancellation leaves the opening to the others.)
            Engines.TryRemove(new(storeUrl, engine));
            throw;
        }
    }

    /// <summary>Whatever it fails with, it fails as a task: what the Lazy itself threw, it would throw for ever.</summary>
    private static async Task<DatabaseEngine> OpenAsync(string storeUrl) => await DatabaseEngine.OpenAsync(storeUrl).ConfigureAwait(false);

    /// <summary>Closes them all.</summary>
    public static async Task CloseAsync()
    {
        foreach (var (url, engine) in Engines.ToArray())
        {
            if (Engines.TryRemove(new(url, engine)))
            {
                var opened = await engine.Value.ConfigureAwait(false);
                await opened.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
