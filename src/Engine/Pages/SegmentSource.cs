using System.Collections.Concurrent;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Pages;

/// <summary>The segments of one database as this process knows them: one object each, so that snapshots share what was read.</summary>
internal sealed class SegmentSource
{
    private readonly IObjectStore store;
    private readonly DatabaseKeys keys;
    private readonly ReadRetry retry;
    private readonly ConcurrentDictionary<SegmentId, WeakReference<Segment>> known = new();

    public SegmentSource(IObjectStore store, DatabaseKeys keys, ReadRetry retry, PageCache cache)
    {
        this.store = store;
        this.keys = keys;
        this.retry = retry;
        Cache = cache;
        Ahead = new ReadAhead(this, cache.Ahead);
    }

    /// <summary>Bounds the blocks in memory.</summary>
    public PageCache Cache { get; }

    /// <summary>Notices scans.</summary>
    public ReadAhead Ahead { get; }

    /// <summary>How a thread that runs SQLite waits for the store. A simulation lets others run meanwhile.</summary>
    public Func<Task<ReadOnlyMemory<byte>>, ReadOnlyMemory<byte>> Wait { get; set; } = static reading => reading.GetAwaiter().GetResult();

    /// <summary>
    /// Told of each segment that becomes known. A simulation keeps them all: when the garbage collector takes one away must not decide what
    /// is read again.
    /// </summary>
    public Action<Segment>? Made { get; set; }

    /// <summary>The key of a segment's object.</summary>
    public string KeyOf(SegmentEntry entry) => keys.Segment(entry);

    /// <summary>The segment of an entry; the same object for as long as anybody uses it.</summary>
    public Segment Get(SegmentEntry entry, int pageBytes)
    {
        if (known.TryGetValue(entry.Id, out var reference) && reference.TryGetTarget(out var segment))
        {
            return segment;
        }

        return Add(new Segment(this, entry, pageBytes));
    }

    /// <summary>Makes a segment known that this process has just written.</summary>
    public Segment Add(Segment segment)
    {
        if (known.Count > 1024)
        {
            foreach (var (id, reference) in known)
            {
                if (!reference.TryGetTarget(out _))
                {
                    known.TryRemove(new(id, reference));
                }
            }
        }

        known[segment.Entry.Id] = new(segment);
        Made?.Invoke(segment);
        return segment;
    }

    /// <summary>Reads a range of an object, waiting on the calling thread.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.SnapshotTooOld"/>: a collection has taken the object away.</exception>
    public ReadOnlyMemory<byte> ReadRange(string key, long offset, int length)
    {
        try
        {
            return Wait(retry.RunAsync(cancellation => store.ReadRangeAsync(key, offset, length, cancellation), CancellationToken.None).AsTask());
        }
        catch (StoreException e) when (e.Failure == StoreFailure.Missing)
        {
            // Whether it was collected only the head can tell. If that can't be read either, it is the store that fails, and nothing is said to be damaged.
            if (!Wait(HeadAsync()).IsEmpty)
            {
                throw Errors.SnapshotTooOld(keys.Database, key, e);
            }

            throw;
        }

        // The head, if it does not name the object (any more): then nobody has lost it.
        async Task<ReadOnlyMemory<byte>> HeadAsync()
        {
            var found = await retry.RunAsync(cancellation => store.ReadAsync(keys.Head, null, cancellation), CancellationToken.None).ConfigureAwait(false);
            return found.Answer == ReadAnswer.Found && !HeadCodec.Decode(found.Content, keys.Head).Segments.Any(entry => keys.Segment(entry) == key)
                ? found.Content
                : default;
        }
    }

    /// <summary>Reads a range of an object once, for who has time.</summary>
    public ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation) =>
        store.ReadRangeAsync(key, offset, length, cancellation);

    /// <summary>The large segment with the pages that follow those of a dense one, if it is known; the nearest in age if several are.</summary>
    public Segment? Behind(Segment segment)
    {
        Segment? best = null;
        foreach (var reference in known.Values)
        {
            if (reference.TryGetTarget(out var other)
                && other.Entry.Kind == SegmentKind.Dense
                && other.Entry.FirstPage == segment.Entry.LastPage + 1
                && !other.IsReadWhole
                && segment.Entry.Kind == SegmentKind.Dense
                && (best is null || Distance(other) < Distance(best)))
            {
                best = other;
            }
        }

        return best;

        long Distance(Segment other) => Math.Abs(other.Entry.MaxVersion - segment.Entry.MaxVersion);
    }
}
