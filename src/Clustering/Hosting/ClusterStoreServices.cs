using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans;

namespace OrleansSqlite.Clustering.Hosting;

/// <summary>The store of a cluster's membership among the services of a silo or a client.</summary>
internal static class ClusterStoreServices
{
    public static void AddClusterStore(this IServiceCollection services, Action<OrleansSqliteClusteringOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        services.Configure(configure);
        services.AddKeyedSingleton(Key, (provider, _) =>
            new OpenedStore(provider.GetRequiredService<IOptions<OrleansSqliteClusteringOptions>>().Value, provider, "Clustering with OrleansSqlite"));
        services.AddSingleton<IConfigurationValidator>(provider => new StoreCheck(provider.ClusterStore));
    }

    public static OpenedStore ClusterStore(this IServiceProvider services) => services.GetRequiredKeyedService<OpenedStore>(Key);

    // Apart from the stores of grain storages, whose keys are the names that they were given.
    private static readonly object Key = new();
}
