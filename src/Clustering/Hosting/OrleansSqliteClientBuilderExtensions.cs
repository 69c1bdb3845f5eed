using Microsoft.Extensions.DependencyInjection;
using Orleans.Messaging;
using OrleansSqlite.Clustering;
using OrleansSqlite.Clustering.Hosting;
using OrleansSqlite.Clustering.Membership;
using OrleansSqlite.Stores;

namespace Orleans.Hosting;

/// <summary>Clients that find the silos of a cluster in its object store. They only read there.</summary>
public static class OrleansSqliteClientBuilderExtensions
{
    /// <summary>Finds the silos in the store that they were given.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="storeUrl">The store: <c>s3://bucket/prefix</c>, <c>file:path</c> or <c>memory:name</c>.</param>
    public static IClientBuilder UseOrleansSqliteClustering(this IClientBuilder builder, string storeUrl) =>
        builder.UseOrleansSqliteClustering(options => options.StoreUrl = storeUrl);

    /// <summary>Finds the silos in the store that they were given.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="store">Gives the store, which remains the caller's.</param>
    public static IClientBuilder UseOrleansSqliteClustering(this IClientBuilder builder, Func<IServiceProvider, IObjectStore> store) =>
        builder.UseOrleansSqliteClustering(options => options.OpenStore = store);

    /// <summary>Finds the silos in the store that they were given.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="configure">Names the store, and what else is to be set.</param>
    public static IClientBuilder UseOrleansSqliteClustering(this IClientBuilder builder, Action<OrleansSqliteClusteringOptions> configure) =>
        builder.ConfigureServices(services =>
        {
            services.AddClusterStore(configure);
            services.AddSingleton<IGatewayListProvider>(provider => ActivatorUtilities.CreateInstance<StoredGateways>(provider, provider.ClusterStore()));
        });
}
