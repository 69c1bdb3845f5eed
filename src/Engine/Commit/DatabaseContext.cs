using Microsoft.Extensions.Logging;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Commit;

/// <summary>What all parts of one open database share: its name, its store, time, randomness, settings.</summary>
internal sealed class DatabaseContext
{
    public DatabaseContext(
        string name, IObjectStore store, PageCache cache, DatabaseOptions options, TimeProvider time, Entropy entropy, ILogger logger)
    {
        Name = name;
        Store = store;
        Options = options;
        Time = time;
        Entropy = entropy;
        Logger = logger;
        Keys = new DatabaseKeys(name);
        Retry = new ReadRetry(time, entropy);
        Segments = new SegmentSource(store, Keys, Retry, cache);
        StoreClock = new StoreClock(time);
    }

    public string Name { get; }

    public IObjectStore Store { get; }

    public DatabaseOptions Options { get; }

    public TimeProvider Time { get; }

    public Entropy Entropy { get; }

    public ILogger Logger { get; }

    public DatabaseKeys Keys { get; }

    public ReadRetry Retry { get; }

    public SegmentSource Segments { get; }

    public SnapshotCount Snapshots { get; } = new();

    public StoreClock StoreClock { get; }

    /// <summary>Called at each named point between two steps on the store; a test may let the process "die" there.</summary>
    public Func<CommitPoint, ValueTask>? AtPoint { get; init; }

    /// <summary>How careful a collection is.</summary>
    public CollectionTimes Times { get; init; } = CollectionTimes.Default;

    private long edits;

    /// <summary>A number for an edit of a page table.</summary>
    public long NextEdit() => Interlocked.Increment(ref edits);

    /// <summary>The time as heads carry it: unix milliseconds by this machine's clock.</summary>
    public long NowMs() => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>
    /// The time for a commit on top of a head: the store's clock as far as it is known, for all writers share that one, and never before
    /// the commit before. It decides nothing; people look for versions by it.
    /// </summary>
    public long CommitTimeMs(Head below) => Math.Max(below.CommittedAtMs, StoreClock.EarliestMs());

    /// <summary>Passes a named point.</summary>
    public ValueTask PassAsync(CommitPoint point) => AtPoint is null ? ValueTask.CompletedTask : AtPoint(point);

    /// <summary>Waits for a random time up to a bound: full jitter.</summary>
    public Task PauseAsync(TimeSpan bound, CancellationToken cancellation = default) =>
        Task.Delay(Entropy.Jitter(bound), Time, cancellation);
}

/// <summary>The points of the commit path at which a process may die. Tests walk through all of them.</summary>
internal enum CommitPoint
{
    /// <summary>The next head is made; nothing has left the process.</summary>
    Planned,

    /// <summary>A segment that the next head names is stored.</summary>
    Uploaded,

    /// <summary>The swap is about to be sent.</summary>
    SwapSending,

    /// <summary>The swap was answered, or its answer was lost.</summary>
    SwapAnswered,

    /// <summary>An answer that left the outcome open is about to be resolved by reading the head.</summary>
    Resolving,

    /// <summary>The commit is durable; its callers are not answered yet.</summary>
    Landed,

    /// <summary>A write lies in the inbox, or its PUT has no answer; its owner begins to wait.</summary>
    Left,

    /// <summary>A collection has begun its epoch; nothing is deleted yet.</summary>
    CollectionBegun,

    /// <summary>A collection knows what it deletes.</summary>
    CollectionMarked,
}
