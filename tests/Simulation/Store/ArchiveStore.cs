using OrleansSqlite.Stores;

namespace OrleansSqlite.Simulation.Store;

/// <summary>The bucket as it would be if nothing were ever deleted, to read segments from.</summary>
internal sealed class ArchiveStore(Bucket bucket) : IObjectStore
{
    /// <inheritdoc/>
    public string Url => "s3://archive";

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation) =>
        ValueTask.FromResult<ReadOnlyMemory<byte>>(bucket.Archive[key].AsMemory((int)offset, length));

    /// <inheritdoc/>
    public ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string key, CancellationToken cancellation) => throw new NotSupportedException();

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation) => throw new NotSupportedException();

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
