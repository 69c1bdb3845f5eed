using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Runtime;

namespace OrleansSqlite.Grains;

/// <summary>Puts the databases of a store into an Orleans silo.</summary>
public static class OrleansSqliteSiloExtensions
{
    /// <summary>The grain storage that the catalogue of the databases is kept in. A silo needs one of that name, or a default one.</summary>
    public const string GrainStorage = CatalogGrain.Storage;

    /// <summary>Serves the databases of a store as grains. Every silo of the cluster is given the same store.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="storeUrl">The store: <c>s3://bucket/prefix</c>, <c>file:path</c> or, for one silo alone, <c>memory:</c>.</param>
    /// <param name="options">Settings of the engine; the defaults suit most.</param>
    public static ISiloBuilder AddOrleansSqlite(this ISiloBuilder silo, string storeUrl, DatabaseOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(storeUrl);
        return silo.AddOrleansSqlite((services, cancellation) => DatabaseEngine.OpenAsync(
            storeUrl, options, services.GetService<ILoggerFactory>(), services.GetService<TimeProvider>(), cancellation));
    }

    /// <summary>Serves the databases of an engine as grains.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="open">Opens the engine when the silo starts; it is disposed of with the silo.</param>
    public static ISiloBuilder AddOrleansSqlite(this ISiloBuilder silo, Func<IServiceProvider, CancellationToken, Task<DatabaseEngine>> open)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(open);
        var services = silo.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new EngineLifetime(provider, open));
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<EngineLifetime>());
        services.AddSingleton(provider => provider.GetRequiredService<EngineLifetime>().Engine);
        services.AddSingleton<OpenDatabases>();
        return silo;
    }
}
