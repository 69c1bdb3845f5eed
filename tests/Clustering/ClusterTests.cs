using Microsoft.Extensions.Configuration;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Membership;
using OrleansSqlite.Tests.Stores;

namespace OrleansSqlite.Tests;

/// <summary>Clusters of real silos that have nothing in common but a directory.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private const string StoreSetting = "store";
    private const int Grains = 30;
    private readonly TemporaryDirectory directory = new();
    private TestCluster cluster = null!;

    public async Task InitializeAsync()
    {
        var builder = new TestClusterBuilder(initialSilosCount: 2);
        builder.Options.UseTestClusterMembership = false;
        builder.Properties[StoreSetting] = $"file:{directory.Path}";
        builder.AddSiloBuilderConfigurator<Silos>();
        builder.AddClientBuilderConfigurator<Clients>();
        cluster = builder.Build();
        await cluster.DeployAsync();
    }

    public async Task DisposeAsync()
    {
        await cluster.StopAllSilosAsync();
        await cluster.DisposeAsync();
        directory.Delete();
    }

    [Fact]
    public async Task Grains_live_on_several_silos_and_a_silo_that_joins_takes_its_share()
    {
        await AddAsync(Enumerable.Range(0, Grains));
        Assert.Equal(2, (await WhereAsync(Enumerable.Range(0, Grains))).Distinct().Count());

        var joined = await cluster.StartAdditionalSiloAsync();
        await cluster.WaitForLivenessToStabilizeAsync();
        var others = Enumerable.Range(Grains, 3 * Grains);
        await AddAsync(others);
        Assert.Contains(joined.SiloAddress.ToParsableString(), await WhereAsync(others));
        Assert.Equal(3, (await MembersAsync()).Count(member => member.Status == SiloStatus.Active));
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 4 * Grains).Select(Get)), count => Assert.Equal(1, count));
    }

    [Fact]
    public async Task State_survives_the_death_of_a_silo()
    {
        await AddAsync(Enumerable.Range(0, Grains));
        var killed = cluster.SecondarySilos[0];
        string address = killed.SiloAddress.ToParsableString();
        var where = await WhereAsync(Enumerable.Range(0, Grains));
        int[] orphans = [.. Enumerable.Range(0, Grains).Where(i => where[i] == address)];
        Assert.NotEmpty(orphans);

        // Its last word is the count that it has stored: it gets no time to say anything else.
        await cluster.KillSiloAsync(killed);
        await cluster.WaitForLivenessToStabilizeAsync(didKill: true);
        foreach (int i in orphans)
        {
            Assert.Equal(1, await Get(i));
            Assert.Equal(2, await cluster.GrainFactory.GetGrain<ICounterGrain>(i).AddAsync(1));
        }

        Assert.DoesNotContain(address, await WhereAsync(Enumerable.Range(0, Grains)));
        Assert.Equal(SiloStatus.Dead, (await MembersAsync()).Single(member => member.Address == address).Status);
    }

    private Task<int[]> AddAsync(IEnumerable<int> grains) => Task.WhenAll(grains.Select(i => cluster.GrainFactory.GetGrain<ICounterGrain>(i).AddAsync(1)));

    private Task<string[]> WhereAsync(IEnumerable<int> grains) => Task.WhenAll(grains.Select(i => cluster.GrainFactory.GetGrain<ICounterGrain>(i).WhereAsync()));

    private Task<int> Get(int i) => cluster.GrainFactory.GetGrain<ICounterGrain>(i).GetAsync();

    private async Task<(string Address, SiloStatus Status)[]> MembersAsync()
    {
        await using var store = new DirectoryStore(directory.Path);
        var table = await Table.On(store, cluster.Options.ClusterId).ReadAll();
        return [.. table.Members.Select(member => (member.Item1.SiloAddress.ToParsableString(), member.Item1.Status))];
    }

    private sealed class Silos : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder)
        {
            string store = siloBuilder.Configuration[StoreSetting]!;
            siloBuilder.UseOrleansSqliteClustering(store).AddOrleansSqliteGrainStorageAsDefault(store);

            // A death is noticed in seconds.
            siloBuilder.Configure<ClusterMembershipOptions>(options => options.ProbeTimeout = TimeSpan.FromSeconds(2));
        }
    }

    private sealed class Clients : IClientBuilderConfigurator
    {
        public void Configure(IConfiguration configuration, IClientBuilder clientBuilder) => clientBuilder.UseOrleansSqliteClustering(configuration[StoreSetting]!);
    }
}
