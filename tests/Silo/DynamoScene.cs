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
    public async Task<SiloProcess> StartSiloAsync(string cluster, string store)
    {
        var silo = await SiloProcess.StartAsync(
            "--store", store, "--cluster-id", cluster, "--service-id", Service, "--advertised-address", "127.0.0.1",
            "--clustering", "dynamodb", "--grain-storage", "dynamodb", "--reminders", "dynamodb",
            "--dynamodb-service", DynamoServer.Endpoint!, "--dynamodb-tables", tables);
        silos.Add(silo);
        return silo;
    }

    /// <summary>A client that finds the cluster as any other does: by its table.</summary>
    public async Task<IGrainFactory> ConnectAsync(string cluster)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (cluster, Service));
            client.UseDynamoDBClustering(options =>
            {
                options.Service = DynamoServer.Endpoint!;
                options.TableName = $"{tables}Silos";
                options.UseProvisionedThroughput = false;
            });
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
