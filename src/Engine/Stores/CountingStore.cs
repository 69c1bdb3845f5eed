using System.Runtime.CompilerServices;

namespace OrleansSqlite.Stores;

/// <summary>Counts what goes to a store and comes from it: for metrics, and for tests that hold a commit to exactly one PUT.</summary>
internal sealed class CountingStore(IObjectStore inner) : IObjectStore
{
    private long reads, notModified, rangeReads, writes, swaps, swapsDone, deletes, listings, failures, bytesRead, bytesWritten;

    public string Url => inner.Url;

    /// <summary>Everything since the store was opened. Take the difference of two to look at a part.</summary>
    public StoreCounts Counts => new()
    {
        Reads = Volatile.Read(ref reads),
        NotModified = Volatile.Read(ref notModified),
        RangeReads = Volatile.Read(ref rangeReads),
        Writes = Volatile.Read(ref writes),
        Swaps = Volatile.Read(ref swaps),
        SwapsDone = Volatile.Read(ref swapsDone),
        Deletes = Volatile.Read(ref deletes),
        Listings = Volatile.Read(ref listings),
        Failures = Volatile.Read(ref failures),
        BytesRead = Volatile.Read(ref bytesRead),
        BytesWritten = Volatile.Read(ref bytesWritten),
    };

    public async ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation)
    {
        Count(ref reads, "read");
        ReadResult result = await WatchAsync(() => inner.ReadAsync(key, unless, cancellation)).ConfigureAwait(false);
        Interlocked.Add(ref notModified, result.Answer == ReadAnswer.NotModified ? 1 : 0);
        Interlocked.Add(ref bytesRead, result.Content.Length);
        return result;
    }

    public async ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation)
    {
        Count(ref rangeReads, "range");
        ReadOnlyMemory<byte> content = await WatchAsync(() => inner.ReadRangeAsync(key, offset, length, cancellation)).ConfigureAwait(false);
        Interlocked.Add(ref bytesRead, content.Length);
        return content;
    }

    public async ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        Count(ref writes, "write");
        Interlocked.Add(ref bytesWritten, content.Length);
        await WatchAsync(() => inner.WriteAsync(key, content, cancellation)).ConfigureAwait(false);
    }

    public async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
    {
        Count(ref swaps, "swap");
        Interlocked.Add(ref bytesWritten, content.Length);
        SwapResult result = await WatchAsync(() => inner.SwapAsync(key, content, expected, cancellation)).ConfigureAwait(false);
        Interlocked.Add(ref swapsDone, result.Answer == SwapAnswer.Done ? 1 : 0);
        return result;
    }

    public async ValueTask DeleteAsync(string key, CancellationToken cancellation)
    {
        Count(ref deletes, "delete");
        await WatchAsync(() => inner.DeleteAsync(key, cancellation)).ConfigureAwait(false);
    }

    public async ValueTask DeleteManyAsync(IReadOnlyCollection<string> keys, CancellationToken cancellation)
    {
        if (keys.Count == 0)
        {
            return;
        }

        Count(ref deletes, "delete");
        await WatchAsync(() => inner.DeleteManyAsync(keys, cancellation)).ConfigureAwait(false);
    }

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation) =>
        WatchAsync(inner.ListAsync(prefix, cancellation), cancellation);

    public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation) =>
        WatchAsync(inner.ListFoldersAsync(prefix, cancellation), cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static void Count(ref long counter, string kind)
    {
        Interlocked.Increment(ref counter);
        Metrics.StoreRequests.Add(1, new KeyValuePair<string, object?>("kind", kind));
    }

    private async ValueTask<T> WatchAsync<T>(Func<ValueTask<T>> request)
    {
        try
        {
            return await request().ConfigureAwait(false);
        }
        catch (StoreException)
        {
            Interlocked.Increment(ref failures);
            throw;
        }
    }

    private async ValueTask WatchAsync(Func<ValueTask> request)
    {
        try
        {
            await request().ConfigureAwait(false);
        }
        catch (StoreException)
        {
            Interlocked.Increment(ref failures);
            throw;
        }
    }

    private async IAsyncEnumerable<T> WatchAsync<T>(IAsyncEnumerable<T> listing, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Count(ref listings, "list");
        IAsyncEnumerator<T> items = listing.GetAsyncEnumerator(cancellation);
        await using (items.ConfigureAwait(false))
        {
            while (await WatchAsync(items.MoveNextAsync).ConfigureAwait(false))
            {
                yield return items.Current;
            }
        }
    }
}
