using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Verification;

/// <summary>The pages of one version as far as they can be had, straight from the store and past what is damaged.</summary>
internal sealed class VersionPages
{
    private const int BlocksKept = 64;
    private readonly DatabaseContext context;
    private readonly Head head;
    private readonly IReadOnlyList<SegmentState?> segments;
    private readonly Dictionary<uint, ReadOnlyMemory<byte>> frames = [];
    private readonly Dictionary<(string Key, int Block), byte[]> blocks = [];
    private readonly Queue<(string Key, int Block)> order = new();

    /// <param name="context">The database.</param>
    /// <param name="head">The version, as a head.</param>
    /// <param name="segments">What became of the segments that it names, in the same order.</param>
    public VersionPages(DatabaseContext context, Head head, IReadOnlyList<SegmentState?> segments)
    {
        this.context = context;
        this.head = head;
        this.segments = segments;
        foreach (var frame in head.Frames)
        {
            var decoded = FrameCodec.Decode(frame, head.PageBytes, context.Keys.Head);
            for (int i = 0; i < decoded.Pages.Length; i++)
            {
                frames[decoded.Pages[i]] = decoded.Images.AsMemory(i * head.PageBytes, head.PageBytes);
            }
        }
    }

    /// <summary>How many there are.</summary>
    public uint PageCount => head.PageCount;

    /// <summary>The size of each.</summary>
    public int PageBytes => head.PageBytes;

    /// <summary>A page; null if it is lost.</summary>
    /// <exception cref="StoreException">The store can't be read.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> TryReadAsync(uint page, CancellationToken cancellation)
    {
        if (frames.TryGetValue(page, out var image))
        {
            return image;
        }

        foreach (var state in segments)
        {
            if (state is null || !state.Holds(page))
            {
                continue;
            }

            if (state.Index is not { } index || !index.TryFind(page, out int block, out int slot) || state.Lacks(block))
            {
                return null;
            }

            try
            {
                byte[] images = await ReadBlockAsync(state, index, block, cancellation).ConfigureAwait(false);
                return images.AsMemory(slot * head.PageBytes, head.PageBytes);
            }
            catch (StoreException e) when (e.Failure is StoreFailure.Missing or StoreFailure.Truncated)
            {
                // It was there a moment ago.
                return null;
            }
            catch (DatabaseException)
            {
                return null;
            }
        }

        return null;
    }

    private async ValueTask<byte[]> ReadBlockAsync(SegmentState state, SegmentIndex index, int block, CancellationToken cancellation)
    {
        if (blocks.TryGetValue((state.Key, block), out byte[]? known))
        {
            return known;
        }

        var location = index.Block(block);
        var stored = await context.Retry.RunAsync(
            token => context.Store.ReadRangeAsync(state.Key, location.Offset, location.StoredBytes, token), cancellation).ConfigureAwait(false);
        byte[] images = new byte[location.Images * head.PageBytes];
        SegmentIndex.DecodeBlock(stored.Span, location, images, state.Key);
        blocks[(state.Key, block)] = images;
        order.Enqueue((state.Key, block));
        if (order.Count > BlocksKept)
        {
            blocks.Remove(order.Dequeue());
        }

        return images;
    }
}
