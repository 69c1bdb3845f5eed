using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;

namespace OrleansSqlite.Tests.Examples;

/// <summary>The examples of docs/CLUSTERING.md: what stands there is cut out of here.</summary>
internal static class ClusterExample
{
    public static IHost Silo(HostApplicationBuilder builder, string store) => builder
        .UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("production", "shop"));
            silo.UseOrleansSqliteClustering(store); // "s3://bucket/prefix", "file:/srv/cluster"
            silo.AddOrleansSqliteGrainStorageAsDefault(store);
        })
        .Build();

    public static IHost Client(HostApplicationBuilder builder, string store) => builder
        .UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("production", "shop"));
            client.UseOrleansSqliteClustering(store);
        })
        .Build();

    public static void Settings(ISiloBuilder silo) =>
        silo.UseOrleansSqliteClustering(options =>
        {
            options.StoreUrl = "s3://bucket/prefix?region=eu-central-1";
            options.Patience = TimeSpan.FromSeconds(20);
        });
}
