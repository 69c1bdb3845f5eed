using Orleans;

namespace OrleansSqlite.Wire;

/// <summary>What a batch gave, on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.BatchResult")]
internal struct BatchResultSurrogate
{
    [Id(0)]
    public long Version;

    [Id(1)]
    public StatementResult[] Results;

    [Id(2)]
    public bool Repeated;
}

[RegisterConverter]
internal sealed class BatchResultConverter : IConverter<BatchResult, BatchResultSurrogate>
{
    public BatchResult ConvertFromSurrogate(in BatchResultSurrogate surrogate) => new(surrogate.Version, surrogate.Results, surrogate.Repeated);

    public BatchResultSurrogate ConvertToSurrogate(in BatchResult value) =>
        new() { Version = value.Version, Results = Arrays.Of(value.Results), Repeated = value.Repeated };
}

/// <summary>What a statement gave, on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.StatementResult")]
internal struct StatementResultSurrogate
{
    [Id(0)]
    public Column[] Columns;

    [Id(1)]
    public SqlValue[][] Rows;

    [Id(2)]
    public long Changes;

    [Id(3)]
    public long LastInsertRowId;
}

[RegisterConverter]
internal sealed class StatementResultConverter : IConverter<StatementResult, StatementResultSurrogate>
{
    public StatementResult ConvertFromSurrogate(in StatementResultSurrogate surrogate) =>
        new(surrogate.Columns, surrogate.Rows, surrogate.Changes, surrogate.LastInsertRowId);

    public StatementResultSurrogate ConvertToSurrogate(in StatementResult value) =>
        new() { Columns = Arrays.Of(value.Columns), Rows = Arrays.OfRows(value.Rows), Changes = value.Changes, LastInsertRowId = value.LastInsertRowId };
}

/// <summary>A piece of a query's rows, on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.RowPiece")]
internal struct RowPieceSurrogate
{
    [Id(0)]
    public long Version;

    [Id(1)]
    public Column[] Columns;

    [Id(2)]
    public SqlValue[][] Rows;

    [Id(3)]
    public bool IsLast;
}

[RegisterConverter]
internal sealed class RowPieceConverter : IConverter<RowPiece, RowPieceSurrogate>
{
    public RowPiece ConvertFromSurrogate(in RowPieceSurrogate surrogate) => new(surrogate.Version, surrogate.Columns, surrogate.Rows, surrogate.IsLast);

    public RowPieceSurrogate ConvertToSurrogate(in RowPiece value) =>
        new() { Version = value.Version, Columns = Arrays.Of(value.Columns), Rows = Arrays.OfRows(value.Rows), IsLast = value.IsLast };
}

/// <summary>A column on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.Column")]
internal struct ColumnSurrogate
{
    [Id(0)]
    public string Name;

    [Id(1)]
    public string? DeclaredType;
}

[RegisterConverter]
internal sealed class ColumnConverter : IConverter<Column, ColumnSurrogate>
{
    public Column ConvertFromSurrogate(in ColumnSurrogate surrogate) => new(surrogate.Name, surrogate.DeclaredType);

    public ColumnSurrogate ConvertToSurrogate(in Column value) => new() { Name = value.Name, DeclaredType = value.DeclaredType };
}
