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
