using Orleans;

namespace OrleansSqlite.Wire;

/// <summary>A read level on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.ReadLevel")]
internal struct ReadLevelSurrogate
{
    [Id(0)]
    public ReadLevelKind Kind;

    [Id(1)]
    public long Version;

    [Id(2)]
    public TimeSpan Age;

    [Id(3)]
    public DateTimeOffset Time;

    [Id(4)]
    public string? Snapshot;
}

[RegisterConverter]
internal sealed class ReadLevelConverter : IConverter<ReadLevel, ReadLevelSurrogate>
{
    /// <summary>A kind that is not known here is refused: any other in its place would read something else than was asked for.</summary>
    public ReadLevel ConvertFromSurrogate(in ReadLevelSurrogate surrogate) => surrogate.Kind switch
    {
        ReadLevelKind.Strong => ReadLevel.Strong,
        ReadLevelKind.AtLeast => ReadLevel.AtLeast(surrogate.Version),
        ReadLevelKind.StaleBy => ReadLevel.StaleBy(surrogate.Age),
        ReadLevelKind.AtVersion => ReadLevel.AtVersion(surrogate.Version),
        ReadLevelKind.AtTime => ReadLevel.AtTime(surrogate.Time),
        ReadLevelKind.AtSnapshot => ReadLevel.AtSnapshot(surrogate.Snapshot!),
        _ => throw new NotSupportedException($"There is no read level {surrogate.Kind} here: it comes from a newer version. Update this process."),
    };

    public ReadLevelSurrogate ConvertToSurrogate(in ReadLevel value) =>
        new() { Kind = value.Kind, Version = value.Version, Age = value.Age, Time = value.Time, Snapshot = value.Snapshot };
}
