using Orleans;

namespace OrleansSqlite.Wire;

/// <summary>A description on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.DatabaseDescription")]
internal struct DescriptionSurrogate
{
    [Id(0)]
    public string Name;

    [Id(1)]
    public Guid DatabaseId;

    [Id(2)]
    public long Version;

    [Id(3)]
    public DateTimeOffset CommittedAt;

    [Id(4)]
    public int PageBytes;

    [Id(5)]
    public long PageCount;

    [Id(6)]
    public long StoredBytes;

    [Id(7)]
    public int Segments;

    [Id(8)]
    public long OldestVersion;

    [Id(9)]
    public TimeSpan Retention;
}

[RegisterConverter]
internal sealed class DescriptionConverter : IConverter<DatabaseDescription, DescriptionSurrogate>
{
    public DatabaseDescription ConvertFromSurrogate(in DescriptionSurrogate surrogate) => new(
        surrogate.Name, surrogate.DatabaseId, surrogate.Version, surrogate.CommittedAt, surrogate.PageBytes, surrogate.PageCount,
        surrogate.StoredBytes, surrogate.Segments, surrogate.OldestVersion, surrogate.Retention);

    public DescriptionSurrogate ConvertToSurrogate(in DatabaseDescription value) => new()
    {
        Name = value.Name,
        DatabaseId = value.Id,
        Version = value.Version,
        CommittedAt = value.CommittedAt,
        PageBytes = value.PageBytes,
        PageCount = value.PageCount,
        StoredBytes = value.StoredBytes,
        Segments = value.Segments,
        OldestVersion = value.OldestVersion,
        Retention = value.Retention,
    };
}
