using OrleansSqlite.Commit;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Verification;

/// <summary>An immutable object, read straight from the store in large pieces, past all caches. What is not there is told, not thrown.</summary>
internal sealed class StoredObject(DatabaseContext context, string key, long bytes)
{
    private const int WindowBytes = 2 << 20;
    private ReadOnlyMemory<byte> window;
    private long windowStart;

    /// <summary>The object's key.</summary>
    public string Key => key;

    /// <summary>How many bytes of it there are, as far as it is known: where a read failed because it ends too early, no more than that.</summary>
    public long Available { get; private set; } = bytes;

    /// <summary>Whether there is no such object.</summary>
    public bool IsMissing { get; private set; }

    /// <summary>How many bytes were read.</summary>
    public long BytesRead { get; private set; }

    /// <summary>A part of the object; null if it is not there.</summary>
    /// <exception cref="StoreException">The store can't be read.</exception>
    public async Task<ReadOnlyMemory<byte>?> TryReadAsync(long offset, int length, CancellationToken cancellation)
    {
        if (IsMissing || offset < 0 || length < 0 || offset + length > Available)
        {
            return null;
        }

        if (offset < windowStart || offset + length > windowStart + window.Length)
        {
            // A small object comes as a whole.
            long start = Available <= WindowBytes ? 0 : offset;
            if (!await TryFillAsync(start, (int)Math.Max(offset + length - start, Math.Min(WindowBytes, Available - start)), cancellation).ConfigureAwait(false)
                && (IsMissing || !await TryFillAsync(offset, length, cancellation).ConfigureAwait(false)))
            {
                return null;
            }
        }

        return window.Slice((int)(offset - windowStart), length);
    }

    private async Task<bool> TryFillAsync(long start, int length, CancellationToken cancellation)
    {
        if (length == 0)
        {
            return true;
        }

        try
        {
            window = await context.Retry.RunAsync(token => context.Store.ReadRangeAsync(key, start, length, token), cancellation).ConfigureAwait(false);
            windowStart = start;
            BytesRead += length;
            return true;
        }
        catch (StoreException e) when (e.Failure == StoreFailure.Missing)
        {
            IsMissing = true;
        }
        catch (StoreException e) when (e.Failure == StoreFailure.Truncated)
        {
            Available = Math.Min(Available, start + length - 1);
        }

        return false;
    }
}
