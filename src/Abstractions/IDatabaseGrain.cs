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
    /// Cancels the execution that runs under that operation id in this activation, or the long call of that id, if there is one. Its own call
    /// answers, with what became of it: <see cref="Reply{T}.IsCancelled"/> says that an execution has not taken effect, and never will.
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

    /// <summary>The versions below one, newest first. As <see cref="IDatabase.HistoryAsync"/>; fewer than the limit are the last ones.</summary>
    [Alias("History")]
    Task<Reply<VersionDescription[]>> HistoryAsync(long below, int limit, CancellationToken cancellation = default);

    /// <summary>
    /// Waits for a version above a known one, but not for long, and gives the newest that is known then: the same one, if there is none yet.
    /// As <see cref="IDatabase.WaitForNewerAsync"/>.
    /// </summary>
    [Alias("WaitForNewer")]
    Task<Reply<long>> WaitForNewerAsync(long version, TimeSpan wait, CancellationToken cancellation = default);

    /// <summary>Makes an earlier version the newest one. As <see cref="IDatabase.RestoreAsync"/>.</summary>
    [Alias("Restore")]
    Task<Reply<DatabaseDescription>> RestoreAsync(ReadLevel at, CancellationToken cancellation = default);

    /// <summary>Gives a version a name. As <see cref="IDatabase.CreateSnapshotAsync"/>.</summary>
    [Alias("CreateSnapshot")]
    Task<Reply<SnapshotDescription>> CreateSnapshotAsync(string name, ReadLevel at, CancellationToken cancellation = default);

    /// <summary>The named versions, by name. As <see cref="IDatabase.ListSnapshotsAsync"/>.</summary>
    [Alias("ListSnapshots")]
    Task<Reply<SnapshotDescription[]>> ListSnapshotsAsync(CancellationToken cancellation = default);

    /// <summary>Takes the name of a version away. As <see cref="IDatabase.DropSnapshotAsync"/>.</summary>
    [Alias("DropSnapshot")]
    Task<Reply<bool>> DropSnapshotAsync(string name, CancellationToken cancellation = default);

    /// <summary>Sets how long versions are kept. As <see cref="IDatabase.SetRetentionAsync"/>.</summary>
    [Alias("SetRetention")]
    Task<Reply<bool>> SetRetentionAsync(TimeSpan retention, CancellationToken cancellation = default);

    /// <summary>Makes a new database that begins as a version of this one. As <see cref="IDatabaseCatalog.ForkAsync"/>.</summary>
    [Alias("Fork")]
    Task<Reply<DatabaseDescription>> ForkAsync(string fork, ReadLevel at, CancellationToken cancellation = default);

    /// <summary>
    /// Begins a collection, or asks for the one that was begun under the same id. As <see cref="IDatabaseCatalog.CollectAsync"/>. One that nobody
    /// asks for any more is stopped; <see cref="WithdrawAsync"/> stops it at once.
    /// </summary>
    /// <param name="callId">The caller's id for it, random.</param>
    /// <param name="dryRun">Whether only to say what would be deleted.</param>
    /// <param name="wait">How long to wait for its end before saying that it is under way.</param>
    /// <param name="cancellation">Ends the waiting, and not the collection.</param>
    [Alias("Collect")]
    Task<Reply<Stage<CollectionReport>>> CollectAsync(string callId, bool dryRun, TimeSpan wait, CancellationToken cancellation = default);

    /// <summary>
    /// Begins a compaction, or asks for the one that was begun under the same id, in the way of <see cref="CollectAsync"/>.
    /// As <see cref="IDatabaseCatalog.CompactAsync"/>.
    /// </summary>
    [Alias("Compact")]
    Task<Reply<Stage<DatabaseDescription>>> CompactAsync(string callId, TimeSpan wait, CancellationToken cancellation = default);

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
