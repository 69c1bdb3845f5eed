using Orleans;
using Orleans.Concurrency;

namespace OrleansSqlite;

/// <summary>
/// A database as a grain, by its name. It puts the writers of a cluster in line and commits them in groups; it is one writer among
/// others, so nothing depends on there being one activation only. Failures of the database come back as data, in the <see cref="Reply{T}"/>;
/// an exception says that the call itself failed, and that it is not known what became of it.
/// </summary>
[Alias("OrleansSqlite.IDatabaseGrain")]
public interface IDatabaseGrain : IGrainWithStringKey
{
    /// <summary>Runs a batch as one serializable transaction; answered once it is durable. As <see cref="IDatabase.ExecuteAsync"/>.</summary>
    [Alias("Execute")]
    Task<Reply<BatchResult>> ExecuteAsync([Immutable] Batch batch, CancellationToken cancellation = default);

    /// <summary>
    /// Cancels the execution that runs under that operation id in this activation, if there is one. Its own call answers, with what
    /// became of it: <see cref="Reply{T}.IsCancelled"/> says that it has not taken effect, and never will.
    /// </summary>
    [Alias("Withdraw")]
    Task WithdrawAsync(string operationId, CancellationToken cancellation = default);

    /// <summary>Reads on a snapshot. The first piece tells version and columns, and perhaps rows. As <see cref="IDatabase.QueryAsync"/>.</summary>
    [Alias("Query")]
    IAsyncEnumerable<Reply<RowPiece>> QueryAsync([Immutable] Statement statement, ReadLevel level, CancellationToken cancellation = default);

    /// <summary>What the database is. As <see cref="IDatabase.DescribeAsync"/>.</summary>
    [Alias("Describe")]
    Task<Reply<DatabaseDescription>> DescribeAsync(ReadLevel level, CancellationToken cancellation = default);

    /// <summary>Creates it, empty. As <see cref="IDatabaseCatalog.CreateAsync"/>.</summary>
    [Alias("Create")]
    Task<Reply<DatabaseDescription>> CreateAsync(CancellationToken cancellation = default);

    /// <summary>Deletes it. As <see cref="IDatabaseCatalog.DeleteAsync"/>.</summary>
    [Alias("Delete")]
    Task<Reply<bool>> DeleteAsync(CancellationToken cancellation = default);

    /// <summary>How busy the activation is. Asks nobody, and answers however full the queue is.</summary>
    [Alias("Status")]
    [AlwaysInterleave]
    Task<DatabaseStatus> StatusAsync(CancellationToken cancellation = default);
}

/// <summary>
/// Reads of a database that need not go through its grain: such as may be stale, or carry the version that they must see. One activation
/// on each silo, so that reads grow with the cluster.
/// </summary>
[Alias("OrleansSqlite.IDatabaseReaderGrain")]
public interface IDatabaseReaderGrain : IGrainWithStringKey
{
    /// <summary>As <see cref="IDatabaseGrain.QueryAsync"/>.</summary>
    [Alias("Query")]
    IAsyncEnumerable<Reply<RowPiece>> QueryAsync([Immutable] Statement statement, ReadLevel level, CancellationToken cancellation = default);

    /// <summary>As <see cref="IDatabaseGrain.DescribeAsync"/>.</summary>
    [Alias("Describe")]
    Task<Reply<DatabaseDescription>> DescribeAsync(ReadLevel level, CancellationToken cancellation = default);
}
