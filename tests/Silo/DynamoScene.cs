using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;

namespace OrleansSqlite.Tests;

/// <summary>Silos that keep their cluster in DynamoDB, in tables of their own, and clients of it.</summary>
internal sealed class DynamoScene : IAsyncDisposable
{
    private const string Service = "dynamo-tests";
    private readonly string tables = $"Test{Guid.NewGuid():n}";
    private readonly List<SiloProcess> silos = [];
    private readonly List<IHost> clients = [];

    /// <summary>Starts one more silo over a directory.</summary>
    public async Task<SiloProcess> StartSiloAsync(string cluster, string store, string clustering = "dynamodb")
    {
        var silo = await SiloProcess.StartAsync(
            "--store", store, "--cluster-id", cluster, "--service-id", Service, "--advertised-address", "127.0.0.1",
            "--clustering", clustering, "--grain-storage", "dynamodb", "--reminders", clustering == "dynamodb" ? "dynamodb" : "none",
            "--dynamodb-service", DynamoServer.Endpoint!, "--dynamodb-tables", tables);
        silos.Add(silo);
        return silo;
    }

    /// <summary>A client that finds the cluster as any other does: by its table.</summary>
    public Task<IGrainFactory> ConnectAsync(string cluster) => ConnectAsync(cluster, client => client.UseDynamoDBClustering(options =>
    {
        options.Service = DynamoServer.Endpoint!;
        options.TableName = $"{tables}Silos";
        options.UseProvisionedThroughput = false;
    }));

    /// <summary>A client of a cluster that is kept in the store of its databases.</summary>
    public Task<IGrainFactory> ConnectToStoreAsync(string cluster, string store) =>
        ConnectAsync(cluster, client => client.UseOrleansSqliteClustering(new Uri(store).AbsoluteUri));

    private async Task<IGrainFactory> ConnectAsync(string cluster, Action<IClientBuilder> find)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (cluster, Service));
            find(client);
        });
        var host = builder.Build();
        clients.Add(host);
        await host.StartAsync();
        return host.Services.GetRequiredService<IClusterClient>();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients)
        {
            // In good order takes its time when its silos are gone.
            await ((IAsyncDisposable)client).DisposeAsync();
        }

        foreach (var silo in silos)
        {
            await silo.DisposeAsync();
        }
    }
}
