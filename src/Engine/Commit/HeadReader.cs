using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Commit;

/// <summary>Reads the head and makes its pages readable: on top of an earlier version if its frames are still inline, else anew.</summary>
internal sealed class HeadReader(DatabaseContext context)
{
    /// <summary>Reads the head, whole. Null if there is none.</summary>
    /// <exception cref="StoreException">The store could not be read.</exception>
    /// <exception cref="DatabaseException">The head is damaged or of a newer format.</exception>
    public async Task<(Head Head, ETag Tag)?> ReadAsync(CancellationToken cancellation)
    {
        var found = await ReadAsync(null, cancellation).ConfigureAwait(false);
        return found.Answer == ReadAnswer.Missing ? null : (Decode(found), found.Tag);
    }

    /// <summary>Asks whether the head is still the one with the tag.</summary>
    public async ValueTask<ReadResult> ReadAsync(ETag? unless, CancellationToken cancellation)
    {
        var found = await context.Retry.RunAsync(token => context.Store.ReadAsync(context.Keys.Head, unless, token), cancellation).ConfigureAwait(false);
        context.StoreClock.Note(found.Now);
        return found;
    }

    /// <summary>Reads what a store returned as a head.</summary>
    public Head Decode(in ReadResult found) => HeadCodec.Decode(found.Content, context.Keys.Head);

    /// <summary>Makes a head's pages readable. The result holds a new snapshot.</summary>
    /// <param name="head">The head.</param>
    /// <param name="tag">Its tag.</param>
    /// <param name="earlier">A head that this process knows already, whose pages may be built upon.</param>
    public DurableHead Load(Head head, ETag tag, DurableHead? earlier)
    {
        if (head.State == HeadState.Tombstone)
        {
            throw earlier is null ? Errors.NotFound(context.Name) : Errors.Gone(context.Name);
        }

        if (earlier is not null && earlier.Head.DatabaseId != head.DatabaseId)
        {
            throw Errors.Gone(context.Name);
        }

        var segments = SegmentsOf(head);
        if (earlier is not null && Continues(earlier.Head, head))
        {
            return new DurableHead(head, tag, Apply(earlier.Snapshot, head, earlier.Version, segments));
        }

        var bare = new Snapshot(new object(), head.PageBytes, head.PageCount, PageTable.Empty(head.PageCount), segments, context.Snapshots);
        if (head.Frames.Length == 0)
        {
            return new DurableHead(head, tag, bare);
        }

        var full = Apply(bare, head, 0, segments);
        bare.Release();
        return new DurableHead(head, tag, full);
    }

    /// <summary>The segments that a head names, newest first.</summary>
    public ImmutableArray<Segment> SegmentsOf(Head head) =>
        [.. head.Segments.Select(entry => context.Segments.Get(entry, head.PageBytes))];

    /// <summary>
    /// The newer head only adds frames to the older one. (If its older frames have moved to a segment, its pages are made anew:
    /// otherwise a process that only reads would keep every page it ever saw changed in frames, which can't be evicted. If segments were
    /// merged likewise: the old ones will be collected one day.)
    /// </summary>
    private static bool Continues(Head older, Head newer) =>
        newer.Version >= older.Version
        && newer.PageBytes == older.PageBytes
        && newer.Segments.Select(entry => entry.Id).SequenceEqual(older.Segments.Select(entry => entry.Id))
        && newer.FirstFrameVersion <= Math.Min(older.FirstFrameVersion, older.Version + 1)
        && (newer.Version == older.Version || older.Version == 0 || newer.CommitOf(older.Version) == older.CommitOf(older.Version));

    private unsafe Snapshot Apply(Snapshot below, Head head, long after, ImmutableArray<Segment> segments)
    {
        SortedDictionary<uint, Block> pages = [];
        try
        {
            foreach (var frame in head.Frames)
            {
                if (frame.Version <= after)
                {
                    continue;
                }

                var decoded = FrameCodec.Decode(frame, head.PageBytes, context.Keys.Head);
                for (int i = 0; i < decoded.Pages.Length; i++)
                {
                    void* image = NativeMemory.Alloc((nuint)head.PageBytes);
                    decoded.Images.AsSpan(i * head.PageBytes, head.PageBytes).CopyTo(new Span<byte>(image, head.PageBytes));
                    uint page = decoded.Pages[i];
                    if (pages.TryGetValue(page, out var superseded))
                    {
                        superseded.Release();
                    }

                    pages[page] = Block.ForFrame(page, (nint)image, head.PageBytes);
                }
            }

            var stacked = below.With(pages, head.PageBytes, head.PageCount, context.NextEdit());
            var result = stacked.From([], segments, context.NextEdit());
            stacked.Release();
            return result;
        }
        finally
        {
            foreach (var block in pages.Values)
            {
                block.Release();
            }
        }
    }
}
