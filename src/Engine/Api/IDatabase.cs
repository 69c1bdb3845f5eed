namespace OrleansSqlite;

/// <summary>
/// A database by its name. The engine implements it in process, the cluster's client over grains; a caller cannot tell,
/// but for speed. Every failure is a <see cref="DatabaseException"/>. All members may be called concurrently.
/// </summary>
public interface IDatabase
{
    /// <summary>The database's name.</summary>
    string Name { get; }

    /// <summary>
    /// Runs the batch as one serializable transaction. It is answered once it is durable; a lost race runs it again, unseen.
    /// Cancelling is safe: a cancelled batch has not taken effect, and never will. (So once its swap is under way, it is waited for.)
    /// </summary>
    Task<BatchResult> ExecuteAsync(Batch batch, CancellationToken cancellation = default);

    /// <summary>Runs one reading statement on a snapshot and streams its rows. Dispose of the result to let the snapshot go.</summary>
    Task<IRowReader> QueryAsync(Statement statement, ReadLevel level = default, CancellationToken cancellation = default);

    /// <summary>What the database is: version, sizes, time.</summary>
    Task<DatabaseDescription> DescribeAsync(ReadLevel level = default, CancellationToken cancellation = default);

    /// <summary>The versions that can be read, restored or forked, newest first.</summary>
    /// <param name="below">Only versions below this one, to go on where an earlier list ended.</param>
    /// <param name="cancellation">Stops it.</param>
    IAsyncEnumerable<VersionDescription> HistoryAsync(long below = long.MaxValue, CancellationToken cancellation = default);

    /// <summary>
    /// Waits until there is a version above a known one, and gives the newest. What is committed by this process shows at once, what others commit
    /// after a second, or after 15 where nothing was committed for long: only a database that somebody waits for is asked.
    /// </summary>
    /// <param name="version">The version that is known.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.DatabaseNotFound"/>, <see cref="ErrorCodes.DatabaseGone"/> if it is deleted meanwhile, or the store's failure.</exception>
    Task<long> WaitForNewerAsync(long version, CancellationToken cancellation = default);

    /// <summary>
    /// Makes an earlier version the newest one, by a commit on top of what is there: what was written in between stays in the history.
    /// </summary>
    /// <param name="at">The version: <see cref="ReadLevel.AtVersion"/>, <see cref="ReadLevel.AtTime"/> or <see cref="ReadLevel.AtSnapshot"/>.</param>
    /// <param name="cancellation">Stops it; the database is then as before.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.VersionGone"/>, <see cref="ErrorCodes.VersionNotReached"/>, <see cref="ErrorCodes.SnapshotName"/>, or the store's failure.</exception>
    Task<DatabaseDescription> RestoreAsync(ReadLevel at, CancellationToken cancellation = default);

    /// <summary>Gives a version a name, and keeps it until the name is dropped.</summary>
    /// <param name="name">The name: the rules for names of databases hold.</param>
    /// <param name="at">The version; the newest if not given.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.SnapshotName"/> if the name is taken, <see cref="ErrorCodes.VersionGone"/>, or the store's failure.</exception>
    Task<SnapshotDescription> CreateSnapshotAsync(string name, ReadLevel at = default, CancellationToken cancellation = default);

    /// <summary>The named versions, by name.</summary>
    Task<IReadOnlyList<SnapshotDescription>> ListSnapshotsAsync(CancellationToken cancellation = default);

    /// <summary>Takes the name of a version away. The version can be read for as long as the history is kept.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.SnapshotName"/> if there is none, or the store's failure.</exception>
    Task DropSnapshotAsync(string name, CancellationToken cancellation = default);

    /// <summary>Sets how long a version can be read after another one has taken its place. A collection takes what is older away.</summary>
    /// <param name="retention">From zero (an hour is kept all the same, for slow readers) to 100 years, in whole seconds.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadArgument"/>, or the store's failure.</exception>
    Task SetRetentionAsync(TimeSpan retention, CancellationToken cancellation = default);
}

/// <summary>The rows of a query, streamed in pieces; the consumer sets the pace.</summary>
public interface IRowReader : IAsyncDisposable
{
    /// <summary>The version of the snapshot.</summary>
    long Version { get; }

    /// <summary>The columns.</summary>
    IReadOnlyList<Column> Columns { get; }

    /// <summary>The next rows (at least one), or an empty list at the end.</summary>
    ValueTask<IReadOnlyList<IReadOnlyList<SqlValue>>> ReadAsync(CancellationToken cancellation = default);
}

/// <summary>What a database is.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">The random id that it got when it was created.</param>
/// <param name="Version">The version described.</param>
/// <param name="CommittedAt">When that version was committed, by its writer's clock.</param>
/// <param name="PageBytes">The size of a page in bytes; 0 for an empty database.</param>
/// <param name="PageCount">The number of pages.</param>
/// <param name="StoredBytes">What it occupies in the store: its head and the segments that the head names.</param>
/// <param name="Segments">How many segments the head names.</param>
/// <param name="OldestVersion">The oldest version that can be read, restored or forked.</param>
/// <param name="Retention">How long a version can be read after another one has taken its place.</param>
public sealed record DatabaseDescription(
    string Name, Guid Id, long Version, DateTimeOffset CommittedAt, int PageBytes, long PageCount, long StoredBytes, int Segments, long OldestVersion, TimeSpan Retention)
{
    /// <summary>The size of the database as an ordinary SQLite file, in bytes.</summary>
    public long Bytes => PageBytes * PageCount;
}

/// <summary>The databases of one store. Every failure is a <see cref="DatabaseException"/>.</summary>
public interface IDatabaseCatalog
{
    /// <summary>The store's URL, without credentials.</summary>
    string StoreUrl { get; }

    /// <summary>A handle to a database; whether it exists shows at first use.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadName"/>.</exception>
    IDatabase Get(string name);

    /// <summary>Creates an empty database.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.DatabaseExists"/>, <see cref="ErrorCodes.BadName"/>.</exception>
    Task<DatabaseDescription> CreateAsync(string name, CancellationToken cancellation = default);

    /// <summary>Deletes a database, by a swap to a tombstone. Its name is free again at once.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.DatabaseNotFound"/>.</exception>
    Task DeleteAsync(string name, CancellationToken cancellation = default);

    /// <summary>
    /// Makes a new database that begins as a version of another one. It shares what is stored with it, so it takes no time and no space,
    /// however large it is; from then on the two have nothing to do with each other, and either may be deleted.
    /// </summary>
    /// <param name="name">The database.</param>
    /// <param name="fork">The new one's name.</param>
    /// <param name="at">The version; the newest if not given.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.DatabaseNotFound"/>, <see cref="ErrorCodes.DatabaseExists"/>, <see cref="ErrorCodes.VersionGone"/>, or the store's failure.</exception>
    Task<DatabaseDescription> ForkAsync(string name, string fork, ReadLevel at = default, CancellationToken cancellation = default);

    /// <summary>
    /// Deletes the objects of a database, or of one that was deleted, that nothing names any more: what lost races have left behind, and history
    /// that is older than the retention. Safe while others read and write.
    /// </summary>
    /// <param name="name">The database.</param>
    /// <param name="dryRun">Whether only to say what would be deleted.</param>
    /// <param name="cancellation">Stops it; another one goes on.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.DatabaseNotFound"/>, damage, or the store's failure.</exception>
    Task<CollectionReport> CollectAsync(string name, bool dryRun = false, CancellationToken cancellation = default);

    /// <summary>
    /// Merges all segments of a database into as few as possible, and leaves out pages that were superseded. Writers do the same by and by; it is of use before a
    /// database is read by many. Safe while others read and write.
    /// </summary>
    /// <param name="name">The database.</param>
    /// <param name="progress">Told of bytes done, if given.</param>
    /// <param name="cancellation">Stops it; the database is then as before.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.DatabaseNotFound"/>, damage, or the store's failure.</exception>
    Task<DatabaseDescription> CompactAsync(string name, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default);

    /// <summary>The databases of the store, by name.</summary>
    IAsyncEnumerable<DatabaseDescription> ListAsync(CancellationToken cancellation = default);
}

/// <summary>Conveniences over <see cref="IDatabase"/>.</summary>
public static class DatabaseExtensions
{
    /// <summary>Runs one statement as a transaction and gives its result.</summary>
    public static async Task<StatementResult> ExecuteAsync(
        this IDatabase database, string sql, object?[]? parameters = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        var result = await database.ExecuteAsync(new Batch(new Statement(sql, parameters ?? [])), cancellation).ConfigureAwait(false);

        // Of a repeated operation the results may have been too large to keep.
        return result.Results.Count > 0 ? result.Results[^1] : new StatementResult([], [], 0, 0);
    }

    /// <summary>Runs a query and reads all its rows into memory.</summary>
    public static async Task<IReadOnlyList<IReadOnlyList<SqlValue>>> QueryAllAsync(
        this IDatabase database, Statement statement, ReadLevel level = default, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        var stream = await database.QueryAsync(statement, level, cancellation).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            List<IReadOnlyList<SqlValue>> rows = [];
            while (await stream.ReadAsync(cancellation).ConfigureAwait(false) is { Count: > 0 } some)
            {
                rows.AddRange(some);
            }

            return rows;
        }
    }

    /// <summary>Runs a query and gives the first column of its first row, or NULL if there is none.</summary>
    public static async Task<SqlValue> ScalarAsync(
        this IDatabase database, Statement statement, ReadLevel level = default, CancellationToken cancellation = default)
    {
        var rows = await database.QueryAllAsync(statement, level, cancellation).ConfigureAwait(false);
        return rows.Count == 0 ? SqlValue.Null : rows[0][0];
    }
}
