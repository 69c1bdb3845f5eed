using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Maintenance;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;
using OrleansSqlite.TimeTravel;

namespace OrleansSqlite;

/// <summary>
/// The databases of one object store in this process. One engine per store and process is enough: it holds the threads that run
/// SQLite and the memory for pages, and gives the writes of the process their turns.
/// </summary>
public sealed partial class DatabaseEngine : IDatabaseCatalog, IAsyncDisposable
{
    private const int ListedAtOnce = 16;
    private readonly CountingStore counting;
    private readonly HedgedStore? hedging;
    private readonly IObjectStore store;
    private readonly DatabaseOptions options;
    private readonly TimeProvider time;
    private readonly Entropy entropy;
    private readonly ILogger logger;
    private readonly PageCache cache;
    private readonly EngineThreads threads;
    private readonly ConcurrentDictionary<string, EngineDatabase> databases = new();
    private volatile bool disposed;

    /// <summary>Opens an engine as it is, without asking the store: on threads of its own, or on those of a simulation.</summary>
    internal DatabaseEngine(
        IObjectStore store, DatabaseOptions options, ILoggerFactory? logs, TimeProvider? time, Entropy? entropy, EngineThreads? threads = null)
    {
        this.options = options;
        this.time = time ?? TimeProvider.System;
        this.entropy = entropy ?? Entropy.System;
        counting = new CountingStore(store);
        hedging = options.HedgeReads ? new HedgedStore(counting, this.time) : null;
        this.store = hedging ?? (IObjectStore)counting;
        logger = (logs ?? NullLoggerFactory.Instance).CreateLogger("OrleansSqlite");
        var disk = options.DiskCachePath is { } path ? new DiskCache(path, options.DiskCacheBytes, store.Url, this.time, this.entropy) : null;
        cache = new PageCache(options.PageCacheBytes, disk);
        this.threads = threads ?? new EngineThreads(options.Threads);
    }

    /// <inheritdoc/>
    public string StoreUrl => store.Url;

    /// <summary>The requests that this engine has sent to the store since it was opened: the bill.</summary>
    public StoreCounts Requests => counting.Counts with { Hedged = hedging?.Hedged ?? 0 };

    /// <summary>Crash points for tests.</summary>
    internal Func<CommitPoint, ValueTask>? AtPoint { get; set; }

    /// <summary>Told of each database that is opened or maintained, for simulations.</summary>
    internal Action<DatabaseContext>? ContextMade { get; init; }

    /// <summary>How careful collections are, for simulations.</summary>
    internal CollectionTimes Times { get; init; } = CollectionTimes.Default;

    /// <summary>Opens the databases of a store, given by its URL: <c>s3://bucket/prefix</c>, <c>file:path</c> or <c>memory:</c>.</summary>
    /// <param name="storeUrl">The store.</param>
    /// <param name="options">Settings; the defaults suit most.</param>
    /// <param name="logs">Where log messages go, if anywhere.</param>
    /// <param name="time">The clock; the system's if not given.</param>
    /// <param name="cancellation">Stops waiting for the store.</param>
    /// <exception cref="DatabaseException">The URL or a setting is wrong, the store can't be reached, or does not honour conditions.</exception>
    public static Task<DatabaseEngine> OpenAsync(
        string storeUrl, DatabaseOptions? options = null, ILoggerFactory? logs = null, TimeProvider? time = null, CancellationToken cancellation = default)
    {
        try
        {
            return OpenAsync(ObjectStores.Open(storeUrl, time ?? TimeProvider.System, Entropy.System), options, logs, time, null, cancellation);
        }
        catch (StoreException e)
        {
            throw Errors.FromStore(null, e);
        }
    }

    /// <summary>Opens the databases of a store, which is disposed of with the engine.</summary>
    /// <param name="store">The store.</param>
    /// <param name="options">Settings; the defaults suit most.</param>
    /// <param name="logs">Where log messages go, if anywhere.</param>
    /// <param name="time">The clock; the system's if not given.</param>
    /// <param name="entropy">Randomness for ids and pauses; the system's if not given.</param>
    /// <param name="cancellation">Stops waiting for the store.</param>
    /// <exception cref="DatabaseException">A setting is wrong, the store can't be reached, or does not honour conditions.</exception>
    public static async Task<DatabaseEngine> OpenAsync(
        IObjectStore store,
        DatabaseOptions? options = null,
        ILoggerFactory? logs = null,
        TimeProvider? time = null,
        Entropy? entropy = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        options ??= new DatabaseOptions();
        options.Validate();
        if (options.ProbeStore)
        {
            try
            {
                await StoreProbe.RunAsync(store, time ?? TimeProvider.System, entropy ?? Entropy.System, cancellation).ConfigureAwait(false);
            }
            catch (StoreException e)
            {
                throw Errors.FromStore(null, e);
            }
        }

        return new DatabaseEngine(store, options, logs, time, entropy);
    }

    /// <inheritdoc/>
    IDatabase IDatabaseCatalog.Get(string name) => Open(name);

    /// <summary>A database of the store; whether it exists shows at first use.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadName"/>.</exception>
    public EngineDatabase Open(string name)
    {
        DatabaseName.Check(name);
        var database = databases.GetOrAdd(name, static (key, engine) => engine.Make(key), this);
        if (database.RefusesWrites)
        {
            // Deleted, or broken: whoever asks now gets it anew.
            Forget(database);
            database = databases.GetOrAdd(name, static (key, engine) => engine.Make(key), this);
        }

        if (disposed)
        {
            // Asked for last: a database that was added while the engine was being disposed of is closed here, or there.
            Forget(database);
            throw new ObjectDisposedException(nameof(DatabaseEngine));
        }

        return database;
    }

    /// <inheritdoc/>
    public async Task<DatabaseDescription> CreateAsync(string name, CancellationToken cancellation = default)
    {
        var context = Context(DatabaseName.Check(name));
        var head = new Head
        {
            DatabaseId = entropy.NextGuid(),
            State = HeadState.Live,
            Version = 0,
            SwapId = new CommitId(entropy.Next128()),
            CollectionEpoch = 0,
            TimeMs = context.NowMs(),
            PageBytes = 0,
            PageCount = 0,
            Recent = [],
            Segments = [],
            Frames = [],
            History = new HeadHistory { BasePageCount = 0 },
        };
        return await new Creation(context, threads).RunAsync(head, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string name, CancellationToken cancellation = default)
    {
        await new Deletion(Context(DatabaseName.Check(name)), threads).RunAsync(cancellation).ConfigureAwait(false);
        if (databases.TryGetValue(name, out var open))
        {
            Forget(open);
        }
    }

    /// <inheritdoc/>
    public async Task<DatabaseDescription> ForkAsync(string name, string fork, ReadLevel at = default, CancellationToken cancellation = default)
    {
        var parent = Context(DatabaseName.Check(name));
        var child = Context(DatabaseName.Check(fork));
        return await Guarded(name, async () =>
        {
            var made = await new Fork(parent, child, threads, new Past(parent, new HeadReader(parent)), Context).RunAsync(at, cancellation).ConfigureAwait(false);
            return EngineDatabase.Describe(fork, made);
        }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<CollectionReport> CollectAsync(string name, bool dryRun = false, CancellationToken cancellation = default)
    {
        var context = Context(DatabaseName.Check(name));
        return await Guarded(
            name,
            async () => await new Collection(context, threads, Context).RunAsync(dryRun, cancellation).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<DatabaseDescription> CompactAsync(string name, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default)
    {
        var context = Context(DatabaseName.Check(name));
        return await Guarded(
            name,
            async () => EngineDatabase.Describe(name, await new FullCompaction(context, threads).RunAsync(progress, cancellation).ConfigureAwait(false))).ConfigureAwait(false);
    }

    /// <summary>
    /// Lets go of a database's memory and connections. What is under way is finished first; what still waits for its turn, and whoever
    /// uses the object later, gets an <see cref="ObjectDisposedException"/>. <see cref="Open"/> gives it anew. Nothing happens if it is not open.
    /// </summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadName"/>.</exception>
    public async Task CloseAsync(string name)
    {
        if (databases.TryGetValue(DatabaseName.Check(name), out var open))
        {
            Forget(open);
            await open.WhenClosedAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<DatabaseDescription> ListAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        // A deleted database leaves its tombstone, so each name's head is asked; several at a time.
        Queue<Task<DatabaseDescription?>> asked = new();
        var names = store.ListFoldersAsync("", cancellation).GetAsyncEnumerator(cancellation);
        await using (names.ConfigureAwait(false))
        {
            bool more = true;
            while (more || asked.Count > 0)
            {
                while (more && asked.Count < ListedAtOnce)
                {
                    more = await Guarded(null, () => names.MoveNextAsync()).ConfigureAwait(false);
                    if (more)
                    {
                        asked.Enqueue(DescribeAsync(names.Current, cancellation));
                    }
                }

                if (asked.Count > 0 && await asked.Dequeue().ConfigureAwait(false) is { } description)
                {
                    yield return description;
                }
            }
        }
    }

    /// <summary>Makes a database of an ordinary SQLite file; a WAL file beside it is folded in. The file is not changed.</summary>
    /// <param name="name">The database's name.</param>
    /// <param name="file">The file's path.</param>
    /// <param name="replace">Whether a database of that name is replaced; otherwise its existence is an error.</param>
    /// <param name="progress">Told of bytes done, if given.</param>
    /// <param name="cancellation">Stops it; the database is then as before.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadFile"/>, <see cref="ErrorCodes.DatabaseExists"/>, or the store's failure.</exception>
    public Task<DatabaseDescription> ImportAsync(
        string name, string file, bool replace = false, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default) =>
        new Transfer.Import(Context(DatabaseName.Check(name)), threads).RunAsync(file, replace, progress, cancellation);

    /// <summary>Writes a database as an ordinary SQLite file, whole or not at all.</summary>
    /// <param name="name">The database's name.</param>
    /// <param name="file">The file's path.</param>
    /// <param name="overwrite">Whether a file of that name is replaced; otherwise its existence is an error.</param>
    /// <param name="progress">Told of bytes done, if given.</param>
    /// <param name="cancellation">Stops it; no file is left then.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadFile"/>, <see cref="ErrorCodes.DatabaseNotFound"/>, or the store's failure.</exception>
    public Task<DatabaseDescription> ExportAsync(
        string name, string file, bool overwrite = false, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default) =>
        new Transfer.Export(Open(name), threads).RunAsync(file, overwrite, progress, cancellation);

    /// <summary>One version of a database as the bytes of an ordinary SQLite file, to be written anywhere.</summary>
    /// <param name="name">The database's name.</param>
    /// <param name="level">Which version; the newest if not given.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.DatabaseNotFound"/>, <see cref="ErrorCodes.VersionGone"/>, or the store's failure.</exception>
    public async Task<DatabaseFile> OpenFileAsync(string name, ReadLevel level = default, CancellationToken cancellation = default) =>
        new(name, await Open(name).PinAsync(level, cancellation).ConfigureAwait(false), threads);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        disposed = true;
        var open = databases.Values.ToArray();
        foreach (var database in open)
        {
            Forget(database);
        }

        // What is under way to the store is finished: its callers wait for the answer.
        await Task.WhenAll(open.Select(database => database.WhenClosedAsync())).ConfigureAwait(false);
        await cache.Ahead.DisposeAsync().ConfigureAwait(false);
        threads.Dispose();
        cache.Dispose();
        await store.DisposeAsync().ConfigureAwait(false);
    }

    private EngineDatabase Make(string name) => new(Context(name), threads, Context);

    private DatabaseContext Context(string name)
    {
        var context = new DatabaseContext(name, store, cache, options, time, entropy, logger) { AtPoint = AtPoint, Times = Times };
        ContextMade?.Invoke(context);
        return context;
    }

    private void Forget(EngineDatabase database)
    {
        if (databases.TryRemove(new(database.Name, database)))
        {
            database.Close();
        }
    }

    private async Task<DatabaseDescription?> DescribeAsync(string name, CancellationToken cancellation)
    {
        var context = Context(name);
        var found = await Guarded(name, () => new ValueTask<(Head Head, ETag Tag)?>(new HeadReader(context).ReadAsync(cancellation))).ConfigureAwait(false);
        return found is { Head.State: HeadState.Live } live ? EngineDatabase.Describe(name, live.Head) : null;
    }

    private static async ValueTask<T> Guarded<T>(string? name, Func<ValueTask<T>> action)
    {
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            throw Errors.FromStore(name, e);
        }
    }
}
