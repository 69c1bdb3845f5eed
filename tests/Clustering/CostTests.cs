using System.Globalization;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;
using OrleansSqlite.Tests.GrainState;
using OrleansSqlite.Tests.Membership;

namespace OrleansSqlite.Tests;

/// <summary>The requests of docs/CLUSTERING.md, which its readers are billed for.</summary>
public sealed class CostTests
{
    private const decimal PerPut = 0.005m / 1000;
    private const decimal PerGet = 0.0004m / 1000;
    private const int MinutesOfMonth = 30 * 24 * 60;

    private static readonly string Page = Repository.Read("docs/CLUSTERING.md");

    [Fact]
    public async Task A_silo_costs_what_the_page_says()
    {
        var counted = new FaultyStore(new MemoryStore());
        var silo = Table.On(counted);
        var others = Table.On(counted);
        await silo.InsertAsync(Table.Entry(1, SiloStatus.Active));
        await others.InsertAsync(Table.Entry(2, SiloStatus.Active));

        var alive = await CountAsync(counted, () => silo.UpdateIAmAlive(new MembershipEntry { SiloAddress = Table.Silo(1), IAmAliveTime = DateTime.UnixEpoch }));
        var look = await CountAsync(counted, silo.ReadAll);
        var cleanup = await CountAsync(counted, () => silo.CleanupDefunctSiloEntries(DateTimeOffset.UnixEpoch));
        var client = await CountAsync(counted, Table.GatewaysOn(counted).GetGateways);
        Assert.Equal(((1, 1), (1, 0), (1, 0), (1, 0)), (alive, look, cleanup, client));

        var settings = new ClusterMembershipOptions();
        decimal signs = 60m / (decimal)settings.IAmAliveTablePublishTimeout.TotalSeconds;
        decimal looks = 60m / (decimal)settings.TableRefreshTimeout.TotalSeconds;
        var (gets, puts) = ((signs * alive.Gets) + (looks * look.Gets), signs * alive.Puts);
        AssertOnPage($"| a silo, each minute | {gets:0} | {puts:0} | {Month(gets, puts)} |");
        AssertOnPage($"| a client, each minute | 1 | 0 | {Month(60m / (decimal)new GatewayOptions().GatewayListRefreshPeriod.TotalSeconds, 0)} |");
    }

    [Fact]
    public async Task A_change_of_the_membership_costs_what_the_page_says()
    {
        var counted = new FaultyStore(new MemoryStore());
        var silo = Table.On(counted);
        var version = (await silo.ReadAll()).Version;
        var insert = await CountAsync(counted, () => silo.InsertRow(Table.Entry(1), version.Next()));
        Assert.Equal((1, 1), insert);
        AssertOnPage($"| a row of the table changes | {insert.Gets} | {insert.Puts} |");
    }

    [Fact]
    public async Task A_state_costs_what_the_page_says()
    {
        var counted = new FaultyStore(new MemoryStore());
        var storage = States.On(counted);
        var state = States.New();
        Assert.Equal((1, 0), await CountAsync(counted, () => storage.ClearAsync("1", state)));
        Assert.Equal((0, 1), await CountAsync(counted, () => storage.WriteAsync("1", state, "first")));
        Assert.Equal((0, 1), await CountAsync(counted, () => storage.WriteAsync("1", state, "second")));
        Assert.Equal((1, 0), await CountAsync(counted, () => storage.ReadAsync("1")));
        Assert.Equal((0, 1), await CountAsync(counted, () => storage.ClearAsync("1", state)));
        AssertOnPage("| a state is read | 1 | 0 |");
        AssertOnPage("| a state is written or cleared | 0 | 1 |");
    }

    private static string Month(decimal gets, decimal puts) =>
        (MinutesOfMonth * ((gets * PerGet) + (puts * PerPut))).ToString("0.00", CultureInfo.InvariantCulture) + " USD";

    private static void AssertOnPage(string line) => Assert.Contains(line, Page, StringComparison.Ordinal);

    private static async Task<(int Gets, int Puts)> CountAsync(FaultyStore counted, Func<Task> act)
    {
        var (gets, puts) = (counted.Count(StoreVerb.Read), counted.Count(StoreVerb.Swap));
        await act();
        Assert.Equal(counted.Requests.Count, counted.Count(StoreVerb.Read) + counted.Count(StoreVerb.Swap));
        return (counted.Count(StoreVerb.Read) - gets, counted.Count(StoreVerb.Swap) - puts);
    }
}
