using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Orleans.Runtime;
using Xunit.Abstractions;

namespace OrleansSqlite.Tests;

/// <summary>Silos that find each other by DynamoDB, and keep there what grains keep.</summary>
[Trait("Category", "DynamoDB")]
public sealed class DynamoTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>
    /// For how long a silo that is gone may be felt. Orleans takes it for dead after three probes of 5 s each went unanswered, and calls to
    /// the grains that were on it wait for that.
    /// </summary>
    private static readonly TimeSpan Felt = TimeSpan.FromSeconds(45);

    private readonly DirectoryInfo store = Directory.CreateTempSubdirectory("orleans-sqlite-");

    public void Dispose() => store.Delete(recursive: true);

    [DynamoTransactionsFact]
    public async Task Two_silos_are_one_cluster_and_write_to_the_same_databases()
    {
        await using var scene = new DynamoScene();
        var one = await scene.StartSiloAsync("both", store.FullName);
        var other = await scene.StartSiloAsync("both", store.FullName);
        var grains = await scene.ConnectAsync("both");

        var hosts = await grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        Assert.Equal(
            new List<int> { one.SiloPort, other.SiloPort }.Order(),
            hosts.Where(host => host.Value == SiloStatus.Active).Select(host => host.Key.Endpoint.Port).Order());

        await CreateAsync(one);
        for (int i = 0; i < 10; i++)
        {
            await InsertAsync(i % 2 == 0 ? one : other, i);
        }

        await HasAsync(10);
    }

    /// <summary>The silo that is killed is the one that the database's grain is on: the worst case for the other one.</summary>
    [DynamoTransactionsFact]
    public async Task A_silo_goes_on_when_the_one_with_the_grain_is_killed()
    {
        await using var scene = new DynamoScene();
        var one = await scene.StartSiloAsync("killed", store.FullName);
        var other = await scene.StartSiloAsync("killed", store.FullName);
        var grains = await scene.ConnectAsync("killed");
        await CreateAsync(one);
        await InsertAsync(one, 0);
        var at = await grains.GetGrain<IManagementGrain>(0).GetActivationAddress(grains.GetGrain<IDatabaseGrain>("shop"));
        var (killed, survivor) = at!.Endpoint.Port == one.SiloPort ? (one, other) : (other, one);

        await killed.KillAsync();
        var clock = Stopwatch.StartNew();
        await InsertAsync(survivor, 1);
        output.WriteLine($"The first write after the kill took {clock.Elapsed.TotalSeconds:0.0} s.");
        Assert.True(clock.Elapsed < Felt, $"The first write after the kill took {clock.Elapsed}.");

        clock.Restart();
        await InsertAsync(survivor, 2);
        output.WriteLine($"The next one took {clock.Elapsed.TotalSeconds:0.000} s.");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"The second write after the kill took {clock.Elapsed}.");
        await HasAsync(3);
    }

    /// <summary>A cluster that comes after it, over a store that has nothing, can know the list by the grain storage alone.</summary>
    [DynamoTransactionsFact]
    public async Task The_catalogue_outlives_its_cluster()
    {
        await using var scene = new DynamoScene();
        var silo = await scene.StartSiloAsync("first", store.FullName);
        await CreateAsync(silo);
        var first = await scene.ConnectAsync("first");
        string[] listed = await ListAsync(first, ReadLevel.Strong);
        Assert.Equal(["shop"], listed);
        Assert.Equal(0, (await silo.StopAsync()).Code);

        await scene.StartSiloAsync("second", Path.Combine(store.FullName, "empty"));
        var later = await scene.ConnectAsync("second");
        string[] kept = await ListAsync(later, ReadLevel.StaleBy(TimeSpan.FromHours(1)));
        Assert.Equal(["shop"], kept);
        string[] stored = await ListAsync(later, ReadLevel.Strong);
        Assert.Equal([], stored);
    }

    /// <summary>Grain storage alone: the cluster is kept elsewhere, and needs no transactions.</summary>
    [DynamoFact]
    public async Task The_catalogue_is_kept_in_DynamoDB_by_a_cluster_that_is_kept_in_the_store()
    {
        await using var scene = new DynamoScene();
        var silo = await scene.StartSiloAsync("first", store.FullName, "store");
        await CreateAsync(silo);
        string[] listed = await ListAsync(await scene.ConnectToStoreAsync("first", store.FullName), ReadLevel.Strong);
        Assert.Equal(["shop"], listed);
        Assert.Equal(0, (await silo.StopAsync()).Code);

        // Another cluster over a store that has nothing: what it knows, it knows from DynamoDB.
        string empty = Path.Combine(store.FullName, "empty");
        await scene.StartSiloAsync("second", empty, "store");
        var later = await scene.ConnectToStoreAsync("second", empty);
        string[] kept = await ListAsync(later, ReadLevel.StaleBy(TimeSpan.FromHours(1)));
        Assert.Equal(["shop"], kept);

        // Read, changed and written again, on the condition that nobody else has.
        string[] stored = await ListAsync(later, ReadLevel.Strong);
        Assert.Equal([], stored);
        string[] rewritten = await ListAsync(later, ReadLevel.StaleBy(TimeSpan.FromHours(1)));
        Assert.Equal([], rewritten);
    }

    private static async Task<string[]> ListAsync(IGrainFactory grains, ReadLevel level) =>
        [.. (await grains.GetGrain<ICatalogGrain>(ICatalogGrain.Key).ListAsync(level)).Get().Select(database => database.Name)];

    private static async Task CreateAsync(SiloProcess silo)
    {
        Assert.Equal(HttpStatusCode.Created, (await silo.Client.PutAsync("v1/databases/shop", null)).StatusCode);
        await ExecuteAsync(silo, "create table item(number integer primary key)");
    }

    private static Task InsertAsync(SiloProcess silo, int number) => ExecuteAsync(silo, $"insert into item values ({number})");

    private static async Task ExecuteAsync(SiloProcess silo, string sql)
    {
        using var answer = await silo.Client.PostAsJsonAsync("v1/databases/shop/execute", new { statements = (string[])[sql] });
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>What the store holds, whatever the silos say.</summary>
    private async Task HasAsync(long rows)
    {
        await using var engine = await DatabaseEngine.OpenAsync(new Uri(store.FullName).AbsoluteUri);
        Assert.Equal(SqlValue.From(rows), await engine.Open("shop").ScalarAsync("select count(*) from item"));
    }
}
