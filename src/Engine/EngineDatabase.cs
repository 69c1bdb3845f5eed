using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Combining;
using OrleansSqlite.Commit;
using OrleansSqlite.Data;
using OrleansSqlite.Format;
using OrleansSqlite.Maintenance;
using OrleansSqlite.Reads;
using OrleansSqlite.Stores;
using OrleansSqlite.TimeTravel;
using OrleansSqlite.Transactions;
using OrleansSqlite.Vfs;
using SQLitePCL;

namespace OrleansSqlite;

/// <summary>
/// A database in this process, straight on the object store. Opened by its first use with one GET. Besides what
/// <see cref="IDatabase"/> offers it runs closures over an ordinary <see cref="SqliteConnection"/>.
/// </summary>
public sealed partial class EngineDatabase : IDatabase
{
    private readonly DatabaseContext context;
    private readonly EngineThreads threads;
    private readonly Speculation speculation;
    private readonly HeadReader reader;
    private readonly WriteQueue queue;
    private readonly GroupCommitter committer;
    private readonly BackgroundFlush flushes;
    private readonly BackgroundCompaction compactions;
    private readonly BackgroundCollection collections;
    private readonly Freshness freshness;
    private readonly Watch watch;
    private readonly ReadPool pool;
    private readonly LeftWrites left;
    private readonly Leaving leaving;
    private readonly Past past;
    private readonly Lock openGate = new();
    private Task? closing;

    /// <param name="context">The database.</param>
    /// <param name="threads">Where SQLite runs.</param>
    /// <param name="contextOf">Other databases of the store, for collections: forks share segments.</param>
    internal EngineDatabase(DatabaseContext context, EngineThreads threads, Func<string, DatabaseContext> contextOf)
    {
        this.context = context;
        this.threads = threads;
        reader = new HeadReader(context);
        speculation = new Speculation(context);
        queue = new WriteQueue(context, speculation, threads, reader);
        var path = new CommitPath(context, threads, new Swap(context, threads, reader));
        flushes = new BackgroundFlush(context, threads);
        compactions = new BackgroundCompaction(context, threads);
        pool = new ReadPool(context);
        left = new LeftWrites(context, threads, speculation, queue, pool, () => PinAsync(ReadLevel.Strong, CancellationToken.None));
        leaving = new Leaving(context, speculation, queue, left, closure => RecordedClosure.RunAsync(this, threads, closure));
        committer = new GroupCommitter(context, speculation, path, reader, queue, flushes, compactions, left, leaving);
        queue.Stacked += committer.Wake;
        freshness = new Freshness(context, speculation, reader);
        committer.Landed += freshness.Prove;
        watch = new Watch(context, speculation, PinAsync);
        collections = new BackgroundCollection(context, threads, contextOf);
        committer.Landed += _ =>
        {
            // A database that is being closed lets its head go once the last commit is in.
            if (speculation.Current is { } known)
            {
                collections.Begin(known.Head);
            }
        };
        past = new Past(context, reader);
    }

    /// <inheritdoc/>
    public string Name => context.Name;

    /// <summary>Whether this process must not write to the database any more: it was deleted, or an invariant broke. Opening it anew helps.</summary>
    internal bool RefusesWrites => speculation.Refusal is not null;

    /// <summary>How many transactions have run here and wait for their swap.</summary>
    public int StackedCount => speculation.StackedCount;

    /// <summary>How many races in a row the writes of this process have lost; 0 after one that was won.</summary>
    public int LossesInARow => committer.LossesInARow;

    /// <summary>The newest version that is known here, without asking the store; 0 before the first use.</summary>
    public long KnownVersion => speculation.Current?.Version ?? 0;

    internal DatabaseContext Context => context;

    internal HeadReader Reader => reader;

    internal Speculation Speculation => speculation;

    internal LeftWrites Left => left;

    internal Leaving Leaving => leaving;

    /// <inheritdoc/>
    public Task<BatchResult> ExecuteAsync(Batch batch, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return MeasuredCall.RunAsync(context, "execute", RunAsync, batch.Statements.Count);

        async Task<BatchResult> RunAsync()
        {
            var transaction = new BatchTransaction(batch, cancellation);
            await OpenAsync(cancellation).ConfigureAwait(false);
            Add(transaction);
            return await transaction.Done.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Runs a closure as one serializable transaction, on a connection that is good for this call only. Answered once it is durable.
    /// When a race is lost the closure runs again, so it must have no other effects than those on the database.
    /// </summary>
    /// <param name="work">What to do in the transaction. It must not commit, and needs no <c>BeginTransaction</c>.</param>
    /// <param name="cancellation">A cancelled write has not taken effect, and never will.</param>
    /// <exception cref="DatabaseException">See its <see cref="DatabaseException.Kind"/>. Exceptions of the closure itself come out unchanged.</exception>
    public Task<WriteResult<T>> WriteAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return MeasuredCall.RunAsync(context, "write", RunAsync);

        async Task<WriteResult<T>> RunAsync()
        {
            var transaction = new ClosureTransaction<T>(work, cancellation);
            await OpenAsync(cancellation).ConfigureAwait(false);
            Add(transaction);
            return await transaction.Done.ConfigureAwait(false);
        }
    }

    /// <summary>Runs a closure on a snapshot: all its reads see one version. Writing fails.</summary>
    /// <param name="work">What to read.</param>
    /// <param name="level">What the snapshot promises.</param>
    /// <param name="cancellation">Stops waiting, and interrupts a running statement.</param>
    /// <exception cref="DatabaseException">See its <see cref="DatabaseException.Kind"/>. Exceptions of the closure itself come out unchanged.</exception>
    public Task<T> ReadAsync<T>(Func<SqliteConnection, T> work, ReadLevel level = default, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return MeasuredCall.RunAsync(context, "read", RunAsync);

        async Task<T> RunAsync()
        {
            var head = await PinAsync(level, cancellation).ConfigureAwait(false);
            try
            {
                return await threads.RunAsync(() => Run(work, new ReadSession { Snapshot = head.Snapshot }, cancellation)).ConfigureAwait(false);
            }
            catch (StoreException e)
            {
                throw Errors.FromStore(Name, e);
            }
            finally
            {
                head.Snapshot.Release();
            }
        }
    }

    /// <inheritdoc/>
    public Task<IRowReader> QueryAsync(Statement statement, ReadLevel level = default, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(statement);
        Metrics.Queries.Add(1);
        return MeasuredCall.RunAsync<IRowReader>(context, "query", async () =>
        {
            var head = await PinAsync(level, cancellation).ConfigureAwait(false);
            return await RowReader.BeginAsync(context, threads, pool, head, statement, cancellation).ConfigureAwait(false);
        });
    }

    /// <inheritdoc/>
    public async Task<DatabaseDescription> DescribeAsync(ReadLevel level = default, CancellationToken cancellation = default)
    {
        var head = await PinAsync(level, cancellation).ConfigureAwait(false);
        head.Snapshot.Release();
        return Describe(Name, head.Head);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<VersionDescription> HistoryAsync(
        long below = long.MaxValue, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        // Of what is known, the past does not change; but for how far back it goes.
        var head = await PinAsync(KnownVersion >= below - 1 ? ReadLevel.StaleBy(TimeSpan.FromSeconds(1)) : ReadLevel.Strong, cancellation).ConfigureAwait(false);
        head.Snapshot.Release();
        var versions = past.ListAsync(head.Head, below, cancellation).GetAsyncEnumerator(cancellation);
        await using (versions.ConfigureAwait(false))
        {
            while (await GuardAsync(() => versions.MoveNextAsync().AsTask()).ConfigureAwait(false))
            {
                yield return versions.Current;
            }
        }
    }

    /// <inheritdoc/>
    public Task<long> WaitForNewerAsync(long version, CancellationToken cancellation = default) => watch.NewerAsync(version, cancellation);

    /// <inheritdoc/>
    public Task<DatabaseDescription> RestoreAsync(ReadLevel at, CancellationToken cancellation = default) =>
        GuardAsync(async () => Describe(Name, await new Restore(context, threads, past).RunAsync(at, cancellation).ConfigureAwait(false)));

    /// <inheritdoc/>
    public Task<SnapshotDescription> CreateSnapshotAsync(string name, ReadLevel at = default, CancellationToken cancellation = default) =>
        GuardAsync(() => new Pins(context, threads, past).NameAsync(name, at, cancellation));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SnapshotDescription>> ListSnapshotsAsync(CancellationToken cancellation = default)
    {
        var head = await PinAsync(ReadLevel.Strong, cancellation).ConfigureAwait(false);
        head.Snapshot.Release();
        return await GuardAsync(() => new Pins(context, threads, past).ListNamedAsync(head.Head, cancellation)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task DropSnapshotAsync(string name, CancellationToken cancellation = default) =>
        GuardAsync(async () =>
        {
            await new Pins(context, threads, past).DropAsync(name, cancellation).ConfigureAwait(false);
            return true;
        });

    /// <inheritdoc/>
    public Task SetRetentionAsync(TimeSpan retention, CancellationToken cancellation = default) =>
        GuardAsync(async () =>
        {
            await Retention.SetAsync(context, threads, retention, cancellation).ConfigureAwait(false);
            return true;
        });

    /// <summary>A description from a head.</summary>
    internal static DatabaseDescription Describe(string name, Head head) => new(
        name,
        head.DatabaseId,
        head.Version,
        DateTimeOffset.FromUnixTimeMilliseconds(head.CommittedAtMs),
        head.PageBytes,
        head.PageCount,
        head.Segments.Sum(entry => entry.ObjectBytes) + HeadCodec.Encode(head).Length,
        head.Segments.Length,
        SavedHeads.OldestOf(head),
        TimeSpan.FromSeconds(head.History?.RetentionSeconds ?? HeadHistory.DefaultRetentionSeconds));

    /// <summary>The newest head at that level, its snapshot shared for the caller.</summary>
    internal async Task<DurableHead> PinAsync(ReadLevel level, CancellationToken cancellation)
    {
        long since = freshness.Started;
        await OpenAsync(cancellation).ConfigureAwait(false);
        try
        {
            var head = await freshness.GetAsync(level, since, cancellation).ConfigureAwait(false);
            return level.IsPast ? await PinPastAsync(head, level, cancellation).ConfigureAwait(false) : head;
        }
        catch (StoreException e)
        {
            throw Errors.FromStore(Name, e);
        }
        catch (DatabaseException e) when (e.Code is ErrorCodes.DatabaseGone or ErrorCodes.Invariant)
        {
            // Whoever asks the engine for it next gets it anew. An opening that failed says nothing of it: others may have opened it since.
            speculation.Refuse(e);
            throw;
        }
    }

    private async Task<DurableHead> PinPastAsync(DurableHead newest, ReadLevel level, CancellationToken cancellation)
    {
        try
        {
            return await past.PinAsync(newest, level, cancellation).ConfigureAwait(false);
        }
        finally
        {
            newest.Snapshot.Release();
        }
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            throw Errors.FromStore(Name, e);
        }
    }

    /// <summary>Queues a write that did not come by this class: the transaction of a connection on which the database was opened.</summary>
    internal void Queue(WriteTransaction transaction) => Add(transaction);

    /// <summary>Ends everything that waits here, and lets connections and snapshots go. The engine does it: all its users share this object.</summary>
    internal void Close()
    {
        var drained = queue.CloseAsync();
        pool.Close();
        speculation.Close();
        lock (openGate)
        {
            closing ??= EndAsync(drained);
        }
    }

    /// <summary>After <see cref="Close"/>: done when nothing runs here and no swap is under way any more.</summary>
    internal Task WhenClosedAsync() => closing ?? Task.CompletedTask;

    private async Task EndAsync(Task drained)
    {
        await drained.ConfigureAwait(false);
        await leaving.CloseAsync().ConfigureAwait(false);
        await left.CloseAsync().ConfigureAwait(false);
        await committer.WhenIdleAsync().ConfigureAwait(false);
        await flushes.CloseAsync().ConfigureAwait(false);
        await compactions.CloseAsync().ConfigureAwait(false);
        await collections.CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Queues a write, or leaves it to others if there is a crowd of them.</summary>
    private void Add(WriteTransaction transaction)
    {
        if (!leaving.TryLeave(transaction))
        {
            queue.Add(transaction);
        }
    }

    private T Run<T>(Func<SqliteConnection, T> work, ReadSession session, CancellationToken cancellation)
    {
        try
        {
            cancellation.ThrowIfCancellationRequested();
            using var connection = Connections.Open(session, context.Options.PageBytes);
            using var interrupt = cancellation.UnsafeRegister(static handle => raw.sqlite3_interrupt((sqlite3)handle!), connection.Handle!);
            return work(connection);
        }
        catch (Exception e) when (cancellation.IsCancellationRequested && e is SqliteException or OperationCanceledException)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (SqliteException e) when (SqliteErrors.Behind(Name, e, session.Failure) is DatabaseException behind)
        {
            throw behind;
        }
    }
}
