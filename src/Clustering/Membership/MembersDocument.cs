using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Runtime;

namespace OrleansSqlite.Clustering.Membership;

/// <summary>The one object of a cluster: its silos and the version of that list. Never changed, only replaced.</summary>
/// <remarks>A field that is not known would be lost by the next write, so it is refused.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record MembersDocument
{
    public const int CurrentFormat = 1;

    /// <summary>How many tags of versions are remembered. Whoever did not hear the answer to a write finds its tag among them.</summary>
    private const int RememberedTags = 32;

    public required int Format { get; init; }

    public required string ClusterId { get; init; }

    /// <summary>Random, and new with every write: no two states of the object have the same bytes, and so none the same tag in the store.</summary>
    public required string WriteId { get; init; }

    /// <summary>The version of the table, as Orleans counts it.</summary>
    public required int Version { get; init; }

    /// <summary>The tag of that version: random, and made by the write that made the version.</summary>
    public required string VersionTag { get; init; }

    /// <summary>The tags of the versions before it, the latest first.</summary>
    public required IReadOnlyList<string> EarlierTags { get; init; }

    public required IReadOnlyList<Member> Members { get; init; }

    /// <summary>The table of which nothing has been written yet.</summary>
    public static MembersDocument Empty(string clusterId) => new()
    {
        Format = CurrentFormat,
        ClusterId = clusterId,
        WriteId = "",
        Version = 0,
        VersionTag = "none",
        EarlierTags = [],
        Members = [],
    };

    /// <summary>The row of a silo, or null.</summary>
    public Member? Find(string silo) => Members.FirstOrDefault(member => member.Silo == silo);

    /// <summary>Whether this version or one of the latest before it has that tag.</summary>
    public bool Remembers(string tag) => VersionTag == tag || EarlierTags.Contains(tag);

    /// <summary>The table in which a silo has that row instead of the one that it had, if any.</summary>
    public MembersDocument With(Member row) => this with { Members = [.. Members.Where(member => member.Silo != row.Silo), row] };

    /// <summary>The table as a new version of itself.</summary>
    public MembersDocument As(int version, string tag) => this with
    {
        Version = version,
        VersionTag = tag,
        EarlierTags = [.. EarlierTags.Prepend(VersionTag).Take(RememberedTags)],
    };
}

/// <summary>A silo's row.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record Member
{
    /// <summary>Its address in Orleans' parsable form.</summary>
    public required string Silo { get; init; }

    /// <summary>The tag of the row, made by the write that made the row.</summary>
    public required string Tag { get; init; }

    public required SiloStatus Status { get; init; }

    public required string SiloName { get; init; }

    public required string HostName { get; init; }

    public required int ProxyPort { get; init; }

    public required DateTime StartTime { get; init; }

    public required DateTime IAmAliveTime { get; init; }

    public string? RoleName { get; init; }

    public int UpdateZone { get; init; }

    public int FaultZone { get; init; }

    public IReadOnlyList<Suspicion>? Suspicions { get; init; }
}

/// <summary>A silo's vote that another is dead.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record Suspicion(string Silo, DateTime Time);

/// <summary>What every format says of itself.</summary>
internal sealed record AnyFormat(int Format);

/// <summary>How the object is written as JSON.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MembersDocument))]
[JsonSerializable(typeof(AnyFormat))]
internal sealed partial class MembersJson : JsonSerializerContext;
