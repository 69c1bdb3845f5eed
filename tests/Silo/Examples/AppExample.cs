using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansSqlite.Client;
using OrleansSqlite.Grains;

namespace OrleansSqlite.Tests.Examples;

/// <summary>The examples of docs/CLUSTER.md: what stands there is cut out of here.</summary>
internal static class AppExample
{
    public static WebApplication Build(string[] args, string store)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.UseOrleansClient(client => client.UseOrleansSqliteClustering(store).Configure<ClusterOptions>(Cluster));
        builder.Services.AddOrleansSqliteClient(options => options.Store = store);
        var app = builder.Build();

        app.MapPost("/orders/{item}", (string item, IDatabaseCatalog databases) =>
            databases.Get("app").ExecuteAsync("INSERT INTO t(v) VALUES (?) RETURNING id", [item]));
        return app;
    }

    public static void Silo(WebApplicationBuilder builder, string store) =>
        builder.UseOrleans(silo =>
        {
            silo.UseOrleansSqliteClustering(store);
            silo.AddOrleansSqliteGrainStorage(OrleansSqliteSiloExtensions.GrainStorage, store);
            silo.AddOrleansSqlite(store);
        });

    private static void Cluster(ClusterOptions cluster) => (cluster.ClusterId, cluster.ServiceId) = ("orleans-sqlite", "orleans-sqlite");
}
