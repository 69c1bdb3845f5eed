using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansSqlite.Clustering.Membership;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Membership;

/// <summary>Tables and rows for tests.</summary>
internal static class Table
{
    public const string Cluster = "Test Cluster/1";

    public const string Key = "_cluster/_54est_20_43luster_2f1/members";

    /// <summary>A silo's own view of a cluster's table.</summary>
    public static StoredMembershipTable On(
        IObjectStore store, string cluster = Cluster, TimeProvider? time = null, ulong? seed = null, TimeSpan? patience = null) =>
        new(Opened.Of(store, time, seed, patience), Options.Create(new ClusterOptions { ClusterId = cluster }), NullLogger<StoredMembershipTable>.Instance);

    public static StoredGateways GatewaysOn(IObjectStore store, string cluster = Cluster) =>
        new(Opened.Of(store), Options.Create(new ClusterOptions { ClusterId = cluster }), Options.Create(new GatewayOptions()));

    /// <summary>The address of a silo with that number.</summary>
    public static SiloAddress Silo(int number) => SiloAddress.New(IPAddress.Parse($"10.0.{number / 250}.{1 + (number % 250)}"), 11111, 1000 + number);

    public static MembershipEntry Entry(int number, SiloStatus status = SiloStatus.Joining) => new()
    {
        SiloAddress = Silo(number),
        Status = status,
        SiloName = $"silo {number}",
        HostName = "host",
        ProxyPort = 30000,
        StartTime = new DateTime(2026, 5, 1, 12, 0, 0, DateTimeKind.Utc),
        IAmAliveTime = new DateTime(2026, 5, 1, 12, 0, 1, DateTimeKind.Utc),
    };

    /// <summary>Reads the version, and inserts the row on it.</summary>
    public static async Task<bool> InsertAsync(this IMembershipTable table, MembershipEntry entry) =>
        await table.InsertRowAsync(entry, (await table.ReadAllAsync(CancellationToken.None)).Version.Next(), CancellationToken.None);

    /// <summary>Inserts the row, however often others are faster.</summary>
    public static async Task InsertForSureAsync(this IMembershipTable table, MembershipEntry entry)
    {
        while (!await table.InsertAsync(entry))
        {
        }
    }

    /// <summary>Reads the row, changes its state, and writes it back.</summary>
    public static async Task<bool> UpdateAsync(this IMembershipTable table, int number, SiloStatus status)
    {
        var data = await table.ReadAllAsync(CancellationToken.None);
        var (entry, tag) = data.TryGet(Silo(number))!;
        entry.Status = status;
        return await table.UpdateRowAsync(entry, tag, data.Version.Next(), CancellationToken.None);
    }

    public static async Task<string[]> NamesAsync(this IMembershipTable table) =>
        [.. (await table.ReadAllAsync(CancellationToken.None)).Members.Select(member => member.Item1.SiloName).Order(StringComparer.Ordinal)];
}
