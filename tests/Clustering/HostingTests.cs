using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Messaging;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansSqlite.Clustering;
using OrleansSqlite.Clustering.GrainState;
using OrleansSqlite.Clustering.Membership;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests;

/// <summary>How silos and clients get their store, and what is said if it is a wrong one.</summary>
public sealed class HostingTests
{
    public static TheoryData<Action<OrleansSqliteClusteringOptions>, string> Wrong => new()
    {
        { _ => { }, "needs a store" },
        { options => options.StoreUrl = " ", "needs a store" },
        { options => (options.StoreUrl, options.OpenStore) = ("memory:", _ => new MemoryStore()), "and not both" },
        { options => options.StoreUrl = "ftp://there", "can't open its store" },
        { options => (options.StoreUrl, options.Patience) = ("memory:", TimeSpan.Zero), "Patience is 00:00:00" },
        { options => (options.StoreUrl, options.Patience) = ("memory:", TimeSpan.FromDays(1)), "Patience is 1.00:00:00" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_setting_is_said_at_start(Action<OrleansSqliteClusteringOptions> set, string said)
    {
        foreach (var host in (IHost[])[Silo(silo => silo.UseOrleansSqliteClustering(set)), Client(client => client.UseOrleansSqliteClustering(set))])
        {
            using (host)
            {
                var error = await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync());
                Assert.Contains("Clustering with OrleansSqlite", error.Message, StringComparison.Ordinal);
                Assert.Contains(said, error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_wrong_setting_of_a_grain_storage_is_said_at_start()
    {
        using var host = Silo(silo => silo.UseLocalhostClustering().AddOrleansSqliteGrainStorage("notes", "s3://"));
        var error = await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync());
        Assert.Contains("The grain storage 'notes' can't open its store", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_ignores_conditions_is_refused_at_start()
    {
        using var host = Silo(silo => silo.UseOrleansSqliteClustering(_ => new ForgetfulStore()));
        var error = await Assert.ThrowsAsync<OrleansException>(() => host.Services.GetRequiredService<IMembershipTable>().InitializeMembershipTableAsync(true, CancellationToken.None));
        Assert.Contains("The membership of cluster 'c' (store memory:, object _cluster/c/members) can't be kept in its store. The store is not safe", error.Message, StringComparison.Ordinal);

        using var other = Silo(silo => silo.UseOrleansSqliteClustering("memory:").AddOrleansSqliteGrainStorageAsDefault(_ => new ForgetfulStore()));
        var storage = (StoredGrainStorage)other.Services.GetRequiredService<IGrainStorage>();
        var lifecycle = new SiloLifecycleStub();
        storage.Participate(lifecycle);
        error = await Assert.ThrowsAsync<OrleansException>(lifecycle.StartAsync);
        Assert.Contains("The grain storage 'Default' can't use its store. The store is not safe", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_probe_can_be_left_out()
    {
        using var host = Silo(silo => silo.UseOrleansSqliteClustering(options => (options.OpenStore, options.ProbeStore) = (_ => new ForgetfulStore(), false)));
        await host.Services.GetRequiredService<IMembershipTable>().InitializeMembershipTableAsync(true, CancellationToken.None);
    }

    [Fact]
    public void A_store_that_was_given_remains_its_owners()
    {
        var store = new ForgetfulStore();
        var host = Silo(silo => silo.UseOrleansSqliteClustering(_ => store).AddOrleansSqliteGrainStorageAsDefault(_ => store));
        host.Services.GetRequiredService<IMembershipTable>();
        host.Services.GetRequiredService<IGrainStorage>();
        host.Dispose();
        Assert.False(store.Disposed);
    }

    [Fact]
    public void Silos_and_clients_can_be_set_up_by_configuration_alone()
    {
        var settings = new Dictionary<string, string?>
        {
            ["Orleans:ClusterId"] = "c",
            ["Orleans:ServiceId"] = "s",
            ["Orleans:Clustering:ProviderType"] = "OrleansSqlite",
            ["Orleans:Clustering:StoreUrl"] = "memory:configured",
            ["Orleans:Clustering:Patience"] = "00:00:05",
            ["Orleans:Clustering:ProbeStore"] = "false",
        };
        using var client = Client(_ => { }, settings);
        Assert.IsType<StoredGateways>(client.Services.GetRequiredService<IGatewayListProvider>());

        settings["Orleans:GrainStorage:notes:ProviderType"] = "OrleansSqlite";
        settings["Orleans:GrainStorage:notes:StoreUrl"] = "memory:configured";
        using var silo = Silo(_ => { }, settings);
        Assert.IsType<StoredMembershipTable>(silo.Services.GetRequiredService<IMembershipTable>());
        Assert.IsType<StoredGrainStorage>(silo.Services.GetRequiredKeyedService<IGrainStorage>("notes"));
        var options = silo.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<OrleansSqliteClusteringOptions>>().Value;
        Assert.Equal(("memory:configured", TimeSpan.FromSeconds(5), false), (options.StoreUrl, options.Patience, options.ProbeStore));
    }

    private static IHost Silo(Action<ISiloBuilder> configure, Dictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(settings);
        return builder.UseOrleans(silo => configure(silo.Configure<ClusterOptions>(Name))).Build();
    }

    private static IHost Client(Action<IClientBuilder> configure, Dictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(settings);
        return builder.UseOrleansClient(client => configure(client.Configure<ClusterOptions>(Name))).Build();
    }

    private static void Name(ClusterOptions options) => (options.ClusterId, options.ServiceId) = ("c", "s");

    /// <summary>Runs what a storage wants to do when its silo starts.</summary>
    private sealed class SiloLifecycleStub : ISiloLifecycle
    {
        private ILifecycleObserver? observer;

        public int HighestCompletedStage => 0;

        public int LowestStoppedStage => 0;

        public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver added)
        {
            observer = added;
            return new MemoryStream();
        }

        public Task StartAsync() => observer!.OnStart(CancellationToken.None);
    }
}
