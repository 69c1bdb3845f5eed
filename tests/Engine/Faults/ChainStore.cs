using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Faults;

/// <summary>
/// Counts round trips that had to wait for each other: the longest chain of requests, each of which set out after the one before it was answered. All
/// take the same time, so that those that are under way together stay so.
/// </summary>
internal sealed class ChainStore(IObjectStore inner, TimeSpan tick) : IObjectStore
{
    private readonly Lock gate = new();
    private int longest;
    private int reads;

    public string Url => inner.Url;

    /// <summary>The longest chain of reads since the last <see cref="Reset"/>.</summary>
    public int Longest => Volatile.Read(ref longest);

    /// <summary>How many reads there were.</summary>
    public int Reads => Volatile.Read(ref reads);

    public void Reset()
    {
        lock (gate)
        {
            longest = reads = 0;
        }
    }

    public ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation) =>
        CountAsync(() => inner.ReadAsync(key, unless, cancellation), cancellation);

    public ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation) =>
        CountAsync(() => inner.ReadRangeAsync(key, offset, length, cancellation), cancellation);

    public ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation) => inner.WriteAsync(key, content, cancellation);

    public ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation) =>
        inner.SwapAsync(key, content, expected, cancellation);

    public ValueTask DeleteAsync(string key, CancellationToken cancellation) => inner.DeleteAsync(key, cancellation);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

    public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation) => inner.ListFoldersAsync(prefix, cancellation);

    /// <summary>The store behind it is another engine's, too.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<T> CountAsync<T>(Func<ValueTask<T>> request, CancellationToken cancellation)
    {
        int place;
        lock (gate)
        {
            reads++;
            place = longest + 1;
        }

        var tock = Task.Delay(tick, cancellation);
        T result = await request();
        await tock;
        lock (gate)
        {
            longest = Math.Max(longest, place);
        }

        return result;
    }
}
