using OrleansSqlite.Commit;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;

namespace OrleansSqlite;

/// <summary>
/// One version of a database as the bytes of an ordinary SQLite file. It holds a snapshot, so that what others commit meanwhile does not show;
/// dispose of it to let that go. One caller at a time.
/// </summary>
public sealed class DatabaseFile : IDisposable
{
    private const int ChunkBytes = 1 << 20;
    private readonly EngineThreads threads;
    private readonly Snapshot snapshot;
    private bool disposed;

    internal DatabaseFile(string name, DurableHead head, EngineThreads threads)
    {
        this.threads = threads;
        snapshot = head.Snapshot;
        Database = EngineDatabase.Describe(name, head.Head);
    }

    /// <summary>The version that the file has.</summary>
    public DatabaseDescription Database { get; }

    /// <summary>The size of the file, in bytes. An empty database is an empty file, as in SQLite.</summary>
    public long Bytes => snapshot.Bytes;

    /// <summary>Writes the file, from its first byte to its last. Takes memory for 1 MiB of it, whatever its size; the destination sets the pace.</summary>
    /// <param name="destination">Where to; it is neither flushed nor closed.</param>
    /// <param name="progress">Told of bytes done, if given.</param>
    /// <param name="cancellation">Stops it; the destination then has a part of the file.</param>
    /// <exception cref="DatabaseException">Damage, <see cref="ErrorCodes.SnapshotTooOld"/>, or the store's failure; the destination then has a part of the file.</exception>
    public async Task CopyToAsync(Stream destination, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ObjectDisposedException.ThrowIf(disposed, this);
        byte[] chunk = NewChunk(snapshot);
        long done = 0;
        while (done < Bytes)
        {
            cancellation.ThrowIfCancellationRequested();
            long from = done;
            int length = await ReadAsync(from, chunk).ConfigureAwait(false);
            await destination.WriteAsync(chunk.AsMemory(0, length), cancellation).ConfigureAwait(false);
            done += length;
            progress?.Report(new(done, Bytes, "write"));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            snapshot.Release();
        }
    }

    /// <summary>Memory for a number of whole pages.</summary>
    internal static byte[] NewChunk(Snapshot snapshot) => new byte[Math.Max(1, ChunkBytes / Math.Max(1, snapshot.PageBytes)) * snapshot.PageBytes];

    /// <summary>Fills the chunk with the pages from that byte on.</summary>
    /// <returns>How many bytes there are.</returns>
    internal static int Fill(Snapshot snapshot, long from, byte[] chunk)
    {
        int length = (int)Math.Min(chunk.Length, snapshot.Bytes - from);
        for (int at = 0; at < length; at += snapshot.PageBytes)
        {
            snapshot.Copy((uint)((from + at) / snapshot.PageBytes) + 1, chunk.AsSpan(at, snapshot.PageBytes));
        }

        return length;
    }

    /// <summary>Pages are read where waiting for the store holds up nobody else.</summary>
    private async Task<int> ReadAsync(long from, byte[] chunk)
    {
        try
        {
            return await threads.RunAsync(() => Fill(snapshot, from, chunk)).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            throw Errors.FromStore(Database.Name, e);
        }
    }
}
