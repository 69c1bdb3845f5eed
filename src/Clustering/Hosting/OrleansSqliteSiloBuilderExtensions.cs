using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Providers;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using OrleansSqlite.Clustering;
using OrleansSqlite.Clustering.GrainState;
using OrleansSqlite.Clustering.Hosting;
using OrleansSqlite.Clustering.Membership;
using OrleansSqlite.Stores;

namespace Orleans.Hosting;

/// <summary>Silos that need nothing but an object store.</summary>
public static class OrleansSqliteSiloBuilderExtensions
{
    /// <summary>Keeps the list of the cluster's silos in one object of a store.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="storeUrl">The store: <c>s3://bucket/prefix</c>, <c>file:path</c> or <c>memory:name</c>.</param>
    public static ISiloBuilder UseOrleansSqliteClustering(this ISiloBuilder builder, string storeUrl) =>
        builder.UseOrleansSqliteClustering(options => options.StoreUrl = storeUrl);

    /// <summary>Keeps the list of the cluster's silos in one object of a store.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="store">Gives the store, which remains the caller's.</param>
    public static ISiloBuilder UseOrleansSqliteClustering(this ISiloBuilder builder, Func<IServiceProvider, IObjectStore> store) =>
        builder.UseOrleansSqliteClustering(options => options.OpenStore = store);

    /// <summary>Keeps the list of the cluster's silos in one object of a store.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configure">Names the store, and what else is to be set.</param>
    public static ISiloBuilder UseOrleansSqliteClustering(this ISiloBuilder builder, Action<OrleansSqliteClusteringOptions> configure) =>
        builder.ConfigureServices(services =>
        {
            services.AddClusterStore(configure);
            services.AddSingleton<IMembershipTable>(provider => ActivatorUtilities.CreateInstance<StoredMembershipTable>(provider, provider.ClusterStore()));
        });

    /// <summary>Keeps the state of grains in a store, each in an object of its own.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The name by which grains ask for this storage.</param>
    /// <param name="storeUrl">The store: <c>s3://bucket/prefix</c>, <c>file:path</c> or <c>memory:name</c>.</param>
    public static ISiloBuilder AddOrleansSqliteGrainStorage(this ISiloBuilder builder, string name, string storeUrl) =>
        builder.AddOrleansSqliteGrainStorage(name, options => options.StoreUrl = storeUrl);

    /// <summary>Keeps the state of grains in a store, each in an object of its own.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The name by which grains ask for this storage.</param>
    /// <param name="store">Gives the store, which remains the caller's.</param>
    public static ISiloBuilder AddOrleansSqliteGrainStorage(this ISiloBuilder builder, string name, Func<IServiceProvider, IObjectStore> store) =>
        builder.AddOrleansSqliteGrainStorage(name, options => options.OpenStore = store);

    /// <summary>Keeps the state of grains in a store, each in an object of its own.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The name by which grains ask for this storage.</param>
    /// <param name="configure">Names the store, and what else is to be set.</param>
    public static ISiloBuilder AddOrleansSqliteGrainStorage(this ISiloBuilder builder, string name, Action<OrleansSqliteGrainStorageOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        return builder.ConfigureServices(services =>
        {
            services.Configure(name, configure);
            services.AddTransient<IPostConfigureOptions<OrleansSqliteGrainStorageOptions>, DefaultStorageProviderSerializerOptionsConfigurator<OrleansSqliteGrainStorageOptions>>();
            services.AddKeyedSingleton(name, (provider, _) => new OpenedStore(OptionsOf(provider, name), provider, $"The grain storage '{name}'"));
            services.AddSingleton<IConfigurationValidator>(provider => new StoreCheck(() => provider.GetRequiredKeyedService<OpenedStore>(name)));
            services.AddGrainStorage(name, static (provider, key) => ActivatorUtilities.CreateInstance<StoredGrainStorage>(
                provider, key, provider.GetRequiredKeyedService<OpenedStore>(key), OptionsOf(provider, key).GrainStorageSerializer));
        });
    }

    /// <summary>Keeps the state of grains in a store, each in an object of its own, unless they ask for another storage.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="storeUrl">The store: <c>s3://bucket/prefix</c>, <c>file:path</c> or <c>memory:name</c>.</param>
    public static ISiloBuilder AddOrleansSqliteGrainStorageAsDefault(this ISiloBuilder builder, string storeUrl) =>
        builder.AddOrleansSqliteGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, storeUrl);

    /// <summary>Keeps the state of grains in a store, each in an object of its own, unless they ask for another storage.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="store">Gives the store, which remains the caller's.</param>
    public static ISiloBuilder AddOrleansSqliteGrainStorageAsDefault(this ISiloBuilder builder, Func<IServiceProvider, IObjectStore> store) =>
        builder.AddOrleansSqliteGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, store);

    /// <summary>Keeps the state of grains in a store, each in an object of its own, unless they ask for another storage.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configure">Names the store, and what else is to be set.</param>
    public static ISiloBuilder AddOrleansSqliteGrainStorageAsDefault(this ISiloBuilder builder, Action<OrleansSqliteGrainStorageOptions> configure) =>
        builder.AddOrleansSqliteGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configure);

    private static OrleansSqliteGrainStorageOptions OptionsOf(IServiceProvider services, string name) =>
        services.GetRequiredService<IOptionsMonitor<OrleansSqliteGrainStorageOptions>>().Get(name);
}
