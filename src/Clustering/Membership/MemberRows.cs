using Orleans;
using Orleans.Runtime;

namespace OrleansSqlite.Clustering.Membership;

/// <summary>Between a stored row and Orleans' entry, which its receivers change.</summary>
internal static class MemberRows
{
    public static Member FromEntry(MembershipEntry entry, string tag) => new()
    {
        Silo = entry.SiloAddress.ToParsableString(),
        Tag = tag,
        Status = entry.Status,
        SiloName = entry.SiloName ?? "",
        HostName = entry.HostName ?? "",
        ProxyPort = entry.ProxyPort,
        StartTime = Utc(entry.StartTime),
        IAmAliveTime = Utc(entry.IAmAliveTime),
        RoleName = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        Suspicions = entry.SuspectTimes is { Count: > 0 } votes ? [.. votes.Select(vote => new Suspicion(vote.Item1.ToParsableString(), Utc(vote.Item2)))] : null,
    };

    public static MembershipEntry ToEntry(Member row) => new()
    {
        SiloAddress = SiloAddress.FromParsableString(row.Silo),
        Status = row.Status,
        SiloName = row.SiloName,
        HostName = row.HostName,
        ProxyPort = row.ProxyPort,
        StartTime = row.StartTime,
        IAmAliveTime = row.IAmAliveTime,
        RoleName = row.RoleName,
        UpdateZone = row.UpdateZone,
        FaultZone = row.FaultZone,
        SuspectTimes = [.. (row.Suspicions ?? []).Select(vote => Tuple.Create(SiloAddress.FromParsableString(vote.Silo), vote.Time))],
    };

    /// <summary>When something was last heard of the silo: from itself, or from those who suspect it.</summary>
    public static DateTime LastHeardOf(Member row) =>
        (row.Suspicions ?? []).Select(vote => vote.Time).Append(row.StartTime).Append(row.IAmAliveTime).Max();

    // Orleans keeps times of day in Greenwich, and does not always say so.
    public static DateTime Utc(DateTime time) => time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : DateTime.SpecifyKind(time, DateTimeKind.Utc);
}
