using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;
using OrleansSqlite.Clustering;
using OrleansSqlite.Tests.Examples;
using OrleansSqlite.Tests.Stores;

namespace OrleansSqlite.Tests;

/// <summary>The examples of the page do what it says.</summary>
public sealed class ExampleTests
{
    [Fact]
    public async Task A_client_finds_a_silo_and_counts_go_on_after_it()
    {
        var directory = new TemporaryDirectory();
        try
        {
            Assert.Equal(1, await CountAsync(directory.Path));
            Assert.Equal(2, await CountAsync(directory.Path));
        }
        finally
        {
            directory.Delete();
        }
    }

    [Fact]
    public void Settings_are_taken()
    {
        using var host = Host.CreateApplicationBuilder().UseOrleans(ClusterExample.Settings).Build();
        Assert.Equal(TimeSpan.FromSeconds(20), host.Services.GetRequiredService<IOptions<OrleansSqliteClusteringOptions>>().Value.Patience);
    }

    private static async Task<int> CountAsync(string directory)
    {
        using var ports = new TestClusterPortAllocator();
        var (siloPort, gatewayPort) = ports.AllocateConsecutivePortPairs(1);
        var builder = Host.CreateApplicationBuilder();
        builder.Services.Configure<EndpointOptions>(options =>
            (options.AdvertisedIPAddress, options.SiloPort, options.GatewayPort) = (IPAddress.Loopback, siloPort, gatewayPort));
        using var silo = ClusterExample.Silo(builder, $"file:{directory}");
        await silo.StartAsync();
        using var client = ClusterExample.Client(Host.CreateApplicationBuilder(), $"file:{directory}");
        await client.StartAsync();
        int count = await client.Services.GetRequiredService<IClusterClient>().GetGrain<ICounterGrain>(1).AddAsync(1);
        await client.StopAsync();
        await silo.StopAsync();
        return count;
    }
}
