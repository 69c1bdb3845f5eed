using Orleans;
using Orleans.Runtime;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Stores;

namespace OrleansSqlite.Tests.Membership;

/// <summary>What Orleans wants of a membership table, on each kind of store.</summary>
public abstract class MembershipContract : IAsyncLifetime
{
    private IObjectStore store = null!;

    protected abstract IObjectStore Open();

    public Task InitializeAsync()
    {
        store = Open();
        return Task.CompletedTask;
    }

    public virtual async Task DisposeAsync() => await store.DisposeAsync();

    [StoreFact]
    public async Task A_table_of_which_nothing_was_written_is_empty()
    {
        var table = Table.On(store);
        await table.InitializeMembershipTable(true);
        var data = await table.ReadAll();
        Assert.Empty(data.Members);
        Assert.Equal(0, data.Version.Version);
        Assert.NotNull(data.Version.VersionEtag);
    }

    [StoreFact]
    public async Task All_of_a_row_comes_back()
    {
        var entry = Table.Entry(1, SiloStatus.Active);
        entry.RoleName = "role";
        entry.UpdateZone = 3;
        entry.FaultZone = 4;
        entry.AddSuspector(Table.Silo(2), new DateTime(2026, 5, 1, 12, 0, 2, 345, DateTimeKind.Utc));
        entry.AddSuspector(SiloAddress.New(System.Net.IPAddress.IPv6Loopback, 7, 8), new DateTime(2026, 5, 1, 12, 0, 3, DateTimeKind.Utc));
        Assert.True(await Table.On(store).InsertAsync(entry));
        var (found, tag) = Assert.Single((await Table.On(store).ReadRow(entry.SiloAddress)).Members);
        Assert.NotEmpty(tag);
        Assert.Equal(entry.ToFullString(), found.ToFullString());
        Assert.Equal((entry.UpdateZone, entry.FaultZone), (found.UpdateZone, found.FaultZone));
        Assert.Equal(entry.SuspectTimes, found.SuspectTimes);
        Assert.Equal((entry.StartTime, entry.IAmAliveTime), (found.StartTime, found.IAmAliveTime));
        Assert.Equal(DateTimeKind.Utc, found.IAmAliveTime.Kind);
    }

    [StoreFact]
    public async Task A_row_is_inserted_on_the_version_that_was_read_and_once()
    {
        var (mine, other) = (Table.On(store), Table.On(store));
        var version = (await mine.ReadAll()).Version;
        Assert.True(await mine.InsertRow(Table.Entry(1), version.Next()));
        Assert.False(await mine.InsertRow(Table.Entry(1), version.Next()));
        Assert.False(await other.InsertRow(Table.Entry(2), version.Next()));

        var now = (await other.ReadAll()).Version;
        Assert.Equal(1, now.Version);
        Assert.NotEqual(version.VersionEtag, now.VersionEtag);
        Assert.False(await other.InsertRow(Table.Entry(1), now.Next()));
        Assert.True(await other.InsertRow(Table.Entry(2), now.Next()));
        Assert.Equal(["silo 1", "silo 2"], await mine.NamesAsync());
    }

    [StoreFact]
    public async Task A_row_is_updated_if_it_and_the_version_are_those_that_were_read()
    {
        var table = Table.On(store);
        await table.InsertAsync(Table.Entry(1));
        await table.InsertAsync(Table.Entry(2));
        var before = await table.ReadAll();
        string tag = before.TryGet(Table.Silo(1))!.Item2;
        string otherTag = before.TryGet(Table.Silo(2))!.Item2;
        Assert.NotEqual(tag, otherTag);
        Assert.False(await table.UpdateRow(Table.Entry(1, SiloStatus.Active), otherTag, before.Version.Next()));
        Assert.False(await table.UpdateRow(Table.Entry(3, SiloStatus.Active), tag, before.Version.Next()));
        Assert.True(await table.UpdateRow(Table.Entry(1, SiloStatus.Active), tag, before.Version.Next()));
        Assert.False(await table.UpdateRow(Table.Entry(2, SiloStatus.Active), otherTag, before.Version.Next()));

        var after = await table.ReadAll();
        Assert.Equal(3, after.Version.Version);
        Assert.Equal(SiloStatus.Active, after.TryGet(Table.Silo(1))!.Item1.Status);
        Assert.NotEqual(tag, after.TryGet(Table.Silo(1))!.Item2);
        Assert.Equal((SiloStatus.Joining, otherTag), (after.TryGet(Table.Silo(2))!.Item1.Status, after.TryGet(Table.Silo(2))!.Item2));
        Assert.False(await table.UpdateRow(Table.Entry(1, SiloStatus.Dead), tag, after.Version.Next()));
    }

    [StoreFact]
    public async Task To_say_that_a_silo_is_alive_changes_nothing_else()
    {
        var table = Table.On(store);
        await table.InsertAsync(Table.Entry(1, SiloStatus.Active));
        var before = await table.ReadAll();
        var later = new DateTime(2026, 5, 1, 13, 0, 0, DateTimeKind.Utc);
        await Table.On(store).UpdateIAmAlive(new MembershipEntry { SiloAddress = Table.Silo(1), IAmAliveTime = later });
        var after = await table.ReadAll();
        Assert.Equal(before.Version, after.Version);
        var (entry, tag) = after.Members[0];
        Assert.Equal(before.Members[0].Item2, tag);
        Assert.Equal(later, entry.IAmAliveTime);
        entry.IAmAliveTime = before.Members[0].Item1.IAmAliveTime;
        Assert.Equal(before.Members[0].Item1.ToFullString(), entry.ToFullString());

        // Of a row that is not there nothing can be said, and that is no error.
        await table.UpdateIAmAlive(new MembershipEntry { SiloAddress = Table.Silo(2), IAmAliveTime = later });
        Assert.Single((await table.ReadAll()).Members);
    }

    [StoreFact]
    public async Task Of_many_on_one_version_exactly_one_wins()
    {
        const int rivals = 8;
        for (int round = 0; round < 4; round++)
        {
            var version = (await Table.On(store).ReadAll()).Version;
            bool[] won = await Task.WhenAll(Enumerable.Range(0, rivals).Select(i => Table.On(store).InsertRow(Table.Entry((round * rivals) + i), version.Next())));
            Assert.Single(won, true);
            var data = await Table.On(store).ReadAll();
            Assert.Equal((round + 1, round + 1), (data.Version.Version, data.Members.Count));
            Assert.NotNull(data.TryGet(Table.Silo((round * rivals) + Array.IndexOf(won, true))));
        }
    }

    [StoreFact]
    public async Task Many_silos_at_once_lose_no_row_no_state_and_no_sign_of_life()
    {
        const int silos = 6;
        var alive = new DateTime(2026, 5, 1, 14, 0, 0, DateTimeKind.Utc);
        await Task.WhenAll(Enumerable.Range(0, silos).Select(async i =>
        {
            var table = Table.On(store);
            await table.InsertForSureAsync(Table.Entry(i));
            await table.UpdateIAmAlive(new MembershipEntry { SiloAddress = Table.Silo(i), IAmAliveTime = alive.AddMinutes(i) });
            while (!await table.UpdateAsync(i, SiloStatus.Active))
            {
            }
        }));
        var data = await Table.On(store).ReadAll();
        Assert.Equal(2 * silos, data.Version.Version);
        Assert.Equal(silos, data.Members.Count);
        for (int i = 0; i < silos; i++)
        {
            var entry = data.TryGet(Table.Silo(i))!.Item1;
            Assert.Equal((SiloStatus.Active, alive.AddMinutes(i)), (entry.Status, entry.IAmAliveTime));
        }
    }

    [StoreFact]
    public async Task Silos_of_which_nothing_was_heard_are_cleaned_up_unless_they_are_active()
    {
        var table = Table.On(store);
        var limit = new DateTimeOffset(2026, 5, 1, 13, 0, 0, TimeSpan.Zero);
        await table.InsertAsync(Table.Entry(1, SiloStatus.Dead));
        await table.InsertAsync(Table.Entry(2, SiloStatus.Joining));
        await table.InsertAsync(Table.Entry(3, SiloStatus.Active));
        var heardOf = Table.Entry(4, SiloStatus.Dead);
        heardOf.IAmAliveTime = limit.UtcDateTime;
        await table.InsertAsync(heardOf);
        var suspected = Table.Entry(5, SiloStatus.Dead);
        suspected.AddSuspector(Table.Silo(3), limit.UtcDateTime.AddMinutes(1));
        await table.InsertAsync(suspected);
        var started = Table.Entry(6, SiloStatus.Created);
        started.StartTime = limit.UtcDateTime.AddMinutes(1);
        await table.InsertAsync(started);

        await table.CleanupDefunctSiloEntries(limit);
        Assert.Equal(["silo 3", "silo 4", "silo 5", "silo 6"], await table.NamesAsync());
        Assert.Equal(6, (await table.ReadAll()).Version.Version);
    }

    [StoreFact]
    public async Task A_table_that_was_deleted_is_empty_and_a_stale_row_does_not_come_back()
    {
        var table = Table.On(store);
        await table.InsertAsync(Table.Entry(1));
        var before = await table.ReadAll();
        await Table.On(store, "another").InsertAsync(Table.Entry(2));
        await Table.On(store, "a third").DeleteMembershipTableEntries(Table.Cluster);
        Assert.Empty((await table.ReadAll()).Members);
        Assert.False(await table.UpdateRow(Table.Entry(1), before.Members[0].Item2, before.Version.Next()));
        Assert.False(await table.InsertRow(Table.Entry(1), before.Version.Next()));
        Assert.True(await table.InsertAsync(Table.Entry(3)));
        Assert.Equal(["silo 2"], await Table.On(store, "another").NamesAsync());
    }

    [StoreFact]
    public async Task Clients_are_told_of_active_silos_with_a_gateway()
    {
        var table = Table.On(store);
        var gateways = Table.GatewaysOn(store);
        await gateways.InitializeGatewayListProvider();
        Assert.Empty(await gateways.GetGateways());
        await table.InsertAsync(Table.Entry(1, SiloStatus.Active));
        await table.InsertAsync(Table.Entry(2, SiloStatus.Dead));
        await table.InsertAsync(Table.Entry(3, SiloStatus.Joining));
        var without = Table.Entry(4, SiloStatus.Active);
        without.ProxyPort = 0;
        await table.InsertAsync(without);
        Assert.Equal("gwy.tcp://10.0.0.2:30000/1001", Assert.Single(await gateways.GetGateways()).ToString());
        Assert.Equal(TimeSpan.FromMinutes(1), gateways.MaxStaleness);
    }
}

public sealed class MemoryMembership : MembershipContract
{
    protected override IObjectStore Open() => new MemoryStore();
}

public sealed class DirectoryMembership : MembershipContract
{
    private readonly TemporaryDirectory directory = new();

    protected override IObjectStore Open() => new DirectoryStore(directory.Path);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        directory.Delete();
    }
}

[NeedsS3Server]
[Trait("Category", "S3")]
public sealed class S3Membership(S3Server server) : MembershipContract, IClassFixture<S3Server>
{
    protected override IObjectStore Open() => server.Open();
}
