using Orleans;

namespace OrleansSqlite;

/// <summary>Rows of a query.</summary>
/// <param name="Version">The version of the snapshot.</param>
/// <param name="Columns">The columns, in the first piece; empty in the others.</param>
/// <param name="Rows">Rows; none in the first piece of an empty result.</param>
/// <param name="IsLast">Whether these are the last ones: whoever has them need not ask again, of a silo that may be gone by then.</param>
public sealed record RowPiece(long Version, IReadOnlyList<Column> Columns, IReadOnlyList<IReadOnlyList<SqlValue>> Rows, bool IsLast);

/// <summary>How busy an activation of a database is.</summary>
/// <param name="Version">The newest version that it knows; 0 if it has not been used.</param>
/// <param name="Running">How many calls of <see cref="IDatabaseGrain.ExecuteAsync"/> are under way.</param>
/// <param name="Stacked">How many transactions have run and wait for their swap.</param>
/// <param name="LossesInARow">How many races it lost in a row, to writers elsewhere.</param>
/// <param name="Silo">The silo that it is on.</param>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.DatabaseStatus")]
public sealed record DatabaseStatus(
    [property: Id(0)] long Version,
    [property: Id(1)] int Running,
    [property: Id(2)] int Stacked,
    [property: Id(3)] int LossesInARow,
    [property: Id(4)] string Silo);

/// <summary>
/// How far a long call has come. It may take longer than a message may wait for its answer, so the caller asks for it again and again, under
/// one id, until it is done.
/// </summary>
/// <typeparam name="T">The result.</typeparam>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.Stage`1")]
public readonly record struct Stage<T>
{
    /// <summary>The result, if it is done.</summary>
    [Id(0)]
    public T? Result { get; init; }

    /// <summary>Whether it is done.</summary>
    [Id(1)]
    public bool IsDone { get; init; }

    /// <summary>How far it is, if it has said so.</summary>
    [Id(2)]
    public TransferProgress? Progress { get; init; }
}
