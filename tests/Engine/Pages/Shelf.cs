using System.Collections.Immutable;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.Pages;

/// <summary>A store with segments in it, made from snapshots, and the page cache that bounds them.</summary>
internal sealed class Shelf : IDisposable
{
    private readonly DatabaseKeys keys = new("shelf");
    private readonly Sample sample = new(4711);

    public Shelf(long cacheBytes = 1 << 20, DiskCache? disk = null)
    {
        Cache = new PageCache(cacheBytes, disk);
        Source = new SegmentSource(Store, keys, new ReadRetry(TimeProvider.System, new Entropy(1)), Cache);
    }

    public ReadHook Store { get; } = new();

    public PageCache Cache { get; }

    public SegmentSource Source { get; }

    /// <summary>The same state with all its pages in a segment, none of them in memory. The result is the caller's.</summary>
    public Snapshot Put(Snapshot snapshot)
    {
        byte[] image = new byte[snapshot.PageBytes];
        var pages = Enumerable.Range(1, (int)snapshot.PageCount).Select(page =>
        {
            snapshot.Copy((uint)page, image);
            return new KeyValuePair<uint, byte[]>((uint)page, image);
        });
        return new Snapshot(
            snapshot.Identity, snapshot.PageBytes, snapshot.PageCount, PageTable.Empty(), [Segment(SegmentKind.Dense, snapshot.PageBytes, pages)]);
    }

    /// <summary>A stored segment of the given pages, ascending.</summary>
    public Segment Segment(SegmentKind kind, int pageBytes, IEnumerable<KeyValuePair<uint, byte[]>> pages)
    {
        var builder = new SegmentBuilder(new SegmentId(sample.Id()), sample.Guid(), pageBytes, kind, quality: 1);
        foreach (var (page, image) in pages)
        {
            builder.Add(page, image);
        }

        var built = builder.Finish(1, 1, 0, []);
        Store.WriteAsync(keys.Segment(built.Entry.Id), built.Content, default).AsTask().Wait();
        return Source.Get(built.Entry, pageBytes);
    }

    public void Dispose() => Cache.Dispose();
}

/// <summary>A store in memory that calls a test before each read of a range.</summary>
internal sealed class ReadHook : IObjectStore
{
    private readonly MemoryStore inner = new();
    private int reads;

    /// <summary>Called with the key; may throw.</summary>
    public Action<string>? OnRead { get; set; }

    /// <summary>Called with the key, the offset and the length; may throw.</summary>
    public Action<string, long, int>? OnRange { get; set; }

    /// <summary>How long a range takes.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>How many ranges were read.</summary>
    public int Reads => Volatile.Read(ref reads);

    public string Url => inner.Url;

    public ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation) => inner.ReadAsync(key, unless, cancellation);

    public async ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation)
    {
        Interlocked.Increment(ref reads);
        OnRead?.Invoke(key);
        OnRange?.Invoke(key, offset, length);
        if (Delay > TimeSpan.Zero)
        {
            await Task.Delay(Delay, cancellation);
        }

        return await inner.ReadRangeAsync(key, offset, length, cancellation);
    }

    public ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation) => inner.WriteAsync(key, content, cancellation);

    public ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation) =>
        inner.SwapAsync(key, content, expected, cancellation);

    public ValueTask DeleteAsync(string key, CancellationToken cancellation) => inner.DeleteAsync(key, cancellation);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

    public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation) => inner.ListFoldersAsync(prefix, cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
