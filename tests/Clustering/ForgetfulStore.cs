using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests;

/// <summary>A store that does not look at conditions.</summary>
internal sealed class ForgetfulStore : IObjectStore
{
    private readonly MemoryStore inner = new();

    public bool Disposed { get; private set; }

    public string Url => inner.Url;

    public ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation) => inner.ReadAsync(key, unless, cancellation);

    public ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation) =>
        inner.ReadRangeAsync(key, offset, length, cancellation);

    public ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation) => inner.WriteAsync(key, content, cancellation);

    public async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
    {
        await inner.WriteAsync(key, content, cancellation);
        return SwapResult.Done((await inner.ReadAsync(key, null, cancellation)).Tag);
    }

    public ValueTask DeleteAsync(string key, CancellationToken cancellation) => inner.DeleteAsync(key, cancellation);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

    public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation) => inner.ListFoldersAsync(prefix, cancellation);

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return inner.DisposeAsync();
    }
}
