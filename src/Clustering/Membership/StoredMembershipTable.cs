using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Clustering.Membership;

/// <summary>The membership of a cluster in one object of a store. An object that is not there is an empty table of version 0.</summary>
internal sealed partial class StoredMembershipTable(OpenedStore opened, IOptions<ClusterOptions> cluster, ILogger<StoredMembershipTable> logger) : IMembershipTable
{
    private readonly MembersObject members = new(opened, cluster.Value.ClusterId);

    public async Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        try
        {
            await opened.ProbeAsync(CancellationToken.None);
        }
        catch (StoreException e)
        {
            throw members.Errors.Unsafe(e);
        }

        // The first row makes the object. Until then a look says early what would fail later.
        await members.ReadAsync();
    }

    public async Task<MembershipTableData> ReadAll()
    {
        var table = await members.ReadAsync();
        return new MembershipTableData([.. table.Members.Select(Row)], VersionOf(table));
    }

    public async Task<MembershipTableData> ReadRow(SiloAddress key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var table = await members.ReadAsync();
        return table.Find(key.ToParsableString()) is { } row ? new MembershipTableData(Row(row), VersionOf(table)) : new MembershipTableData(VersionOf(table));
    }

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(tableVersion);
        return WriteRowAsync(entry, tableVersion, there => there is null);
    }

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(etag);
        ArgumentNullException.ThrowIfNull(tableVersion);
        return WriteRowAsync(entry, tableVersion, there => there?.Tag == etag);
    }

    public async Task UpdateIAmAlive(MembershipEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        string silo = entry.SiloAddress.ToParsableString();
        var now = MemberRows.Utc(entry.IAmAliveTime);
        var refusal = await members.ChangeAsync(table =>
            table.Find(silo) is { } row && row.IAmAliveTime != now ? table.With(row with { IAmAliveTime = now }) : null);
        if (refusal is not null && refusal.Found.Find(silo) is null)
        {
            LogNoRow(logger, silo);
        }
    }

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => members.ChangeAsync(table =>
    {
        Member[] kept = [.. table.Members.Where(row => row.Status == SiloStatus.Active || MemberRows.LastHeardOf(row) >= beforeDate.UtcDateTime)];
        return kept.Length == table.Members.Count ? null : table with { Members = kept };
    });

    /// <summary>Empties the table. The object stays: a store can't delete on a condition, and a late write must not bring the rows back.</summary>
    public Task DeleteMembershipTableEntries(string clusterId)
    {
        ArgumentNullException.ThrowIfNull(clusterId);
        string tag = NewTag();
        return new MembersObject(opened, clusterId).ChangeAsync(table =>
            table.Members.Count == 0 ? null : (table with { Members = [] }).As(table.Version + 1, tag));
    }

    private async Task<bool> WriteRowAsync(MembershipEntry entry, TableVersion version, Func<Member?, bool> fits)
    {
        string tag = NewTag();
        var row = MemberRows.FromEntry(entry, tag);
        var refusal = await members.ChangeAsync(table =>
            table.VersionTag == version.VersionEtag && fits(table.Find(row.Silo)) ? table.With(row).As(version.Version, tag) : null);
        if (refusal is null)
        {
            return true;
        }

        // Refused because of what others have made, or because of what our own attempt has made, whose answer did not arrive.
        var table = refusal.Found;
        if (refusal.InDoubt && !table.Remembers(tag) && !table.Remembers(version.VersionEtag))
        {
            // So many versions have come since that the table remembers neither ours nor the one before it.
            throw members.Errors.InDoubt(null);
        }

        return table.Remembers(tag);
    }

    private string NewTag() => opened.NewId().ToString("x32", null);

    private static TableVersion VersionOf(MembersDocument table) => new(table.Version, table.VersionTag);

    private static Tuple<MembershipEntry, string> Row(Member row) => Tuple.Create(MemberRows.ToEntry(row), row.Tag);

    [LoggerMessage(1, LogLevel.Warning, "The membership table has no row of silo {Silo}, so it can't say there that it is alive.")]
    private static partial void LogNoRow(ILogger logger, string silo);
}
