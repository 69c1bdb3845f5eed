using Orleans;

namespace OrleansSqlite.Wire;

/// <summary>A version of the history on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.VersionDescription")]
internal struct VersionSurrogate
{
    [Id(0)]
    public long Version;

    [Id(1)]
    public DateTimeOffset CommittedAt;

    [Id(2)]
    public long Bytes;

    [Id(3)]
    public int? ChangedPages;

    [Id(4)]
    public int? StoredBytes;

    [Id(5)]
    public IReadOnlyList<string>? Tables;
}

[RegisterConverter]
internal sealed class VersionConverter : IConverter<VersionDescription, VersionSurrogate>
{
    public VersionDescription ConvertFromSurrogate(in VersionSurrogate surrogate) => new(
        surrogate.Version, surrogate.CommittedAt, surrogate.Bytes, surrogate.ChangedPages, surrogate.StoredBytes, surrogate.Tables);

    public VersionSurrogate ConvertToSurrogate(in VersionDescription value) => new()
    {
        Version = value.Version,
        CommittedAt = value.CommittedAt,
        Bytes = value.Bytes,
        ChangedPages = value.ChangedPages,
        StoredBytes = value.StoredBytes,
        Tables = value.Tables,
    };
}

/// <summary>A named version on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.SnapshotDescription")]
internal struct SnapshotSurrogate
{
    [Id(0)]
    public string Name;

    [Id(1)]
    public long Version;

    [Id(2)]
    public DateTimeOffset CommittedAt;

    [Id(3)]
    public DateTimeOffset NamedAt;

    [Id(4)]
    public long Bytes;
}

[RegisterConverter]
internal sealed class SnapshotConverter : IConverter<SnapshotDescription, SnapshotSurrogate>
{
    public SnapshotDescription ConvertFromSurrogate(in SnapshotSurrogate surrogate) => new(
        surrogate.Name, surrogate.Version, surrogate.CommittedAt, surrogate.NamedAt, surrogate.Bytes);

    public SnapshotSurrogate ConvertToSurrogate(in SnapshotDescription value) => new()
    {
        Name = value.Name,
        Version = value.Version,
        CommittedAt = value.CommittedAt,
        NamedAt = value.NamedAt,
        Bytes = value.Bytes,
    };
}
