using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans;

namespace OrleansSqlite.Client;

/// <summary>The databases of a cluster.</summary>
/// <param name="grains">The cluster.</param>
/// <param name="route">The way to them.</param>
/// <param name="call">Calls on the way.</param>
/// <param name="entropy">Makes operation ids.</param>
/// <param name="options">The client's settings.</param>
/// <param name="services">Where the engine is, if this is in a silo; it is opened after the app was put together.</param>
internal sealed class ClusterDatabases(
    IGrainFactory grains, Route route, ClusterCall call, Entropy entropy, IOptions<OrleansSqliteClientOptions> options, IServiceProvider services)
    : IDatabaseCatalog
{
    private readonly LongClusterCall longCall = new(grains, call, entropy);

    /// <inheritdoc/>
    public string StoreUrl => services.GetService<DatabaseEngine>()?.StoreUrl ?? route.StoreUrl ?? "the store of the cluster";

    /// <inheritdoc/>
    public IDatabase Get(string name) => new ClusterDatabase(DatabaseName.Check(name), grains, call, entropy, options);

    /// <inheritdoc/>
    public async Task<DatabaseDescription> CreateAsync(string name, CancellationToken cancellation = default)
    {
        DatabaseName.Check(name);
        var (made, _) = await call.RunAsync(
            name,
            () => grains.GetGrain<IDatabaseGrain>(name).CreateAsync(cancellation),
            engine => engine.CreateAsync(name, cancellation),
            repeatable: false,
            writes: true,
            cancellation,
            "Look whether the database is there.").ConfigureAwait(false);
        return made;
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string name, CancellationToken cancellation = default)
    {
        DatabaseName.Check(name);
        await call.RunAsync(
            name,
            () => grains.GetGrain<IDatabaseGrain>(name).DeleteAsync(cancellation),
            async engine =>
            {
                await engine.DeleteAsync(name, cancellation).ConfigureAwait(false);
                return true;
            },
            repeatable: false,
            writes: true,
            cancellation,
            "Look whether the database is there.").ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<DatabaseDescription> ForkAsync(string name, string fork, ReadLevel at = default, CancellationToken cancellation = default)
    {
        DatabaseName.Check(name);
        DatabaseName.Check(fork);

        // Not repeated: it would find its own fork and say that there is one already.
        var (made, _) = await call.RunAsync(
            name,
            () => grains.GetGrain<IDatabaseGrain>(name).ForkAsync(fork, at, cancellation),
            engine => engine.ForkAsync(name, fork, at, cancellation),
            repeatable: false,
            writes: true,
            cancellation,
            $"Look whether there is a database '{fork}'.").ConfigureAwait(false);
        return made;
    }

    /// <inheritdoc/>
    public Task<CollectionReport> CollectAsync(string name, bool dryRun = false, CancellationToken cancellation = default) => longCall.RunAsync(
        DatabaseName.Check(name),
        (grain, id, wait) => grain.CollectAsync(id, dryRun, wait, CancellationToken.None),
        engine => engine.CollectAsync(name, dryRun, cancellation),
        null,
        cancellation);

    /// <inheritdoc/>
    public Task<DatabaseDescription> CompactAsync(
        string name, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default) => longCall.RunAsync(
        DatabaseName.Check(name),
        (grain, id, wait) => grain.CompactAsync(id, wait, CancellationToken.None),
        engine => engine.CompactAsync(name, progress, cancellation),
        progress,
        cancellation);

    /// <inheritdoc/>
    public async IAsyncEnumerable<DatabaseDescription> ListAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var (all, _) = await call.RunAsync(
            ICatalogGrain.Key,
            () => grains.GetGrain<ICatalogGrain>(ICatalogGrain.Key).ListAsync(ReadLevel.Strong, cancellation),
            engine => ListDirectlyAsync(engine, cancellation),
            repeatable: true,
            writes: false,
            cancellation).ConfigureAwait(false);
        foreach (var database in all)
        {
            yield return database;
        }
    }

    private static async Task<DatabaseDescription[]> ListDirectlyAsync(DatabaseEngine engine, CancellationToken cancellation)
    {
        List<DatabaseDescription> all = [];
        await foreach (var database in engine.ListAsync(cancellation).ConfigureAwait(false))
        {
            all.Add(database);
        }

        return [.. all];
    }
}
