using Orleans;

namespace OrleansSqlite.Wire;

/// <summary>A batch on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.Batch")]
internal struct BatchSurrogate
{
    [Id(0)]
    public Statement[] Statements;

    [Id(1)]
    public string? OperationId;

    [Id(2)]
    public long? ExpectedVersion;
}

[RegisterConverter]
internal sealed class BatchConverter : IConverter<Batch, BatchSurrogate>
{
    public Batch ConvertFromSurrogate(in BatchSurrogate surrogate) =>
        new(surrogate.Statements) { OperationId = surrogate.OperationId, ExpectedVersion = surrogate.ExpectedVersion };

    public BatchSurrogate ConvertToSurrogate(in Batch value) =>
        new() { Statements = Arrays.Of(value.Statements), OperationId = value.OperationId, ExpectedVersion = value.ExpectedVersion };
}

/// <summary>A statement on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.Statement")]
internal struct StatementSurrogate
{
    [Id(0)]
    public string Sql;

    [Id(1)]
    public SqlValue[]? Positional;

    [Id(2)]
    public Dictionary<string, SqlValue>? Named;
}

[RegisterConverter]
internal sealed class StatementConverter : IConverter<Statement, StatementSurrogate>
{
    public Statement ConvertFromSurrogate(in StatementSurrogate surrogate)
    {
        var statement = new Statement(surrogate.Sql) { Positional = surrogate.Positional ?? [] };
        return surrogate.Named is null ? statement : statement with { Named = surrogate.Named };
    }

    public StatementSurrogate ConvertToSurrogate(in Statement value) => new()
    {
        Sql = value.Sql,
        Positional = value.Positional.Count == 0 ? null : Arrays.Of(value.Positional),
        Named = value.Named.Count == 0 ? null : new(value.Named),
    };
}

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
    public ReadLevel ConvertFromSurrogate(in ReadLevelSurrogate surrogate) => surrogate.Kind switch
    {
        ReadLevelKind.AtLeast => ReadLevel.AtLeast(surrogate.Version),
        ReadLevelKind.StaleBy => ReadLevel.StaleBy(surrogate.Age),
        ReadLevelKind.AtVersion => ReadLevel.AtVersion(surrogate.Version),
        ReadLevelKind.AtTime => ReadLevel.AtTime(surrogate.Time),
        ReadLevelKind.AtSnapshot => ReadLevel.AtSnapshot(surrogate.Snapshot!),
        _ => ReadLevel.Strong,
    };

    public ReadLevelSurrogate ConvertToSurrogate(in ReadLevel value) =>
        new() { Kind = value.Kind, Version = value.Version, Age = value.Age, Time = value.Time, Snapshot = value.Snapshot };
}
