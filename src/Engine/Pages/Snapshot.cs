using System.Buffers.Binary;
using System.Collections.Immutable;
using OrleansSqlite.Format;

namespace OrleansSqlite.Pages;

/// <summary>
/// The pages of one state of a database, pinned for as long as somebody holds a reference: a durable version, or a state
/// that stands on a version whose swap is still under way.
/// </summary>
internal sealed class Snapshot
{
    private const int SchemaCookieOffset = 40;
    private readonly PageTable table;
    private readonly ImmutableArray<Segment> segments;
    private readonly uint? schemaCookie;
    private readonly SnapshotCount? count;
    private int references = 1;

    public Snapshot(
        object identity, int pageBytes, uint pageCount, PageTable table, ImmutableArray<Segment> segments, SnapshotCount? count = null)
        : this(identity, new object(), null, pageBytes, pageCount, table, segments, count)
    {
    }

    private Snapshot(
        object identity,
        object schema,
        uint? schemaCookie,
        int pageBytes,
        uint pageCount,
        PageTable table,
        ImmutableArray<Segment> segments,
        SnapshotCount? count)
    {
        this.count = count;
        count?.Add();
        Identity = identity;
        Schema = schema;
        this.schemaCookie = schemaCookie;
        PageBytes = pageBytes;
        PageCount = pageCount;
        this.table = table;
        this.segments = segments;
    }

    /// <summary>
    /// The same object for states with the same content. SQLite's page cache is valid for exactly one identity; the change
    /// counter in page 1 can't serve for that, because a lost state and the rival's that replaced it may carry the same one.
    /// </summary>
    public object Identity { get; }

    /// <summary>
    /// The same object for states that are known to have the same schema. What a connection has parsed of a schema, and its
    /// compiled statements, are valid for exactly one; SQLite's own schema cookie can't serve for that, because a lost state
    /// and the rival's that replaced it may carry the same one.
    /// </summary>
    public object Schema { get; }

    /// <summary>The page size in bytes; 0 for an empty database.</summary>
    public int PageBytes { get; }

    /// <summary>The number of pages.</summary>
    public uint PageCount { get; }

    /// <summary>The size as a file, in bytes.</summary>
    public long Bytes => (long)PageBytes * PageCount;

    /// <summary>The segments behind the table, newest first.</summary>
    public ImmutableArray<Segment> Segments => segments;

    /// <summary>A database without pages.</summary>
    public static Snapshot Empty() => new(new object(), 0, 0, PageTable.Empty(), []);

    /// <summary>The block that holds a page.</summary>
    /// <exception cref="DatabaseException">No source has the page: the database is damaged.</exception>
    public Block Find(uint page)
    {
        var block = table.Find(page);
        if (block is null)
        {
            block = Resolve(page);
            table.Fill(page, block);
        }

        return block;
    }

    /// <summary>The block that holds a page, if the table knows it without asking the segments.</summary>
    public Block? FindKnown(uint page) => table.Find(page);

    /// <summary>The image's place in a block that holds the page.</summary>
    public static int SlotOf(Block block, uint page) => block.Segment is null ? 0 : block.Segment.SlotOf(block, page);

    /// <summary>Keeps a block in memory, reading it if need be. <see cref="Block.Unpin"/> lets it go.</summary>
    public static void Pin(Block block)
    {
        if (!block.TryPin())
        {
            block.Segment!.LoadAndPin(block);
        }
    }

    /// <summary>Copies a page.</summary>
    public unsafe void Copy(uint page, Span<byte> to)
    {
        var block = Find(page);
        Pin(block);
        try
        {
            new ReadOnlySpan<byte>(block.Image(SlotOf(block, page), PageBytes), PageBytes).CopyTo(to);
        }
        finally
        {
            block.Unpin();
        }
    }

    /// <summary>Copies a page if its image is in memory.</summary>
    public unsafe bool TryCopyResident(uint page, Span<byte> to)
    {
        if (table.Find(page) is not { } block || !block.TryPin())
        {
            return false;
        }

        new ReadOnlySpan<byte>(block.Image(SlotOf(block, page), PageBytes), PageBytes).CopyTo(to);
        block.Unpin();
        return true;
    }

    /// <summary>All pages that stand in frames, in order.</summary>
    public IEnumerable<KeyValuePair<uint, Block>> FramePages() =>
        table.FramePages().TakeWhile(pair => pair.Key <= PageCount);

    /// <summary>The state after a transaction: a new identity.</summary>
    public Snapshot With(IReadOnlyCollection<KeyValuePair<uint, Block>> pages, int pageBytes, uint pageCount, long edit)
    {
        // A new page size renumbers everything: the transaction wrote every page (VACUUM).
        bool repaged = pageBytes != PageBytes && PageBytes != 0;
        uint? cookie = SchemaCookie(pages, pageBytes) ?? schemaCookie;
        return new Snapshot(
            new object(),
            cookie is not null && cookie == schemaCookie ? Schema : new object(),
            cookie,
            pageBytes,
            pageCount,
            repaged ? Renewed(pages, pageCount, edit) : table.With(pages, pageCount, edit),
            repaged ? [] : segments,
            count);
    }

    /// <summary>The same content from other places: the same identity.</summary>
    public Snapshot From(IEnumerable<KeyValuePair<uint, Block>> pages, ImmutableArray<Segment> from, long edit) =>
        new(Identity, Schema, schemaCookie, PageBytes, PageCount, table.With(pages, PageCount, edit), from, count);

    /// <summary>The same content with other segments behind it: where its pages stand in these is looked up anew. The same identity.</summary>
    public Snapshot OnlyFrames(ImmutableArray<Segment> from, long edit)
    {
        var empty = PageTable.Empty(PageCount);
        var frames = empty.With(FramePages(), PageCount, edit);
        empty.Release();
        return new(Identity, Schema, schemaCookie, PageBytes, PageCount, frames, from, count);
    }

    /// <summary>Holds the snapshot once more.</summary>
    public Snapshot Share()
    {
        // What was freed can't be had back: a page read from it might be anybody's memory.
        return Interlocked.Increment(ref references) > 1 ? this : throw new InvalidOperationException("The snapshot was let go already.");
    }

    /// <summary>Lets go; the last one frees the memory that only this snapshot needed.</summary>
    public void Release()
    {
        int left = Interlocked.Decrement(ref references);
        if (left == 0)
        {
            table.Release();
            count?.Remove();
        }
        else if (left < 0)
        {
            throw new InvalidOperationException("The snapshot was let go already.");
        }
    }

    /// <summary>The number of schema changes so far, as page 1 says, if it is among the pages.</summary>
    private static unsafe uint? SchemaCookie(IReadOnlyCollection<KeyValuePair<uint, Block>> pages, int pageBytes)
    {
        foreach (var (page, block) in pages)
        {
            if (page == 1)
            {
                return BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(block.Image(0, pageBytes) + SchemaCookieOffset, 4));
            }
        }

        return null;
    }

    private static PageTable Renewed(IReadOnlyCollection<KeyValuePair<uint, Block>> pages, uint pageCount, long edit)
    {
        var empty = PageTable.Empty();
        var table = empty.With(pages, pageCount, edit);
        empty.Release();
        return table;
    }

    private Block Resolve(uint page)
    {
        if (page == 1)
        {
            BeginSparseIndexes();
        }

        for (int i = 0; i < segments.Length; i++)
        {
            var segment = segments[i];
            if (!segment.Covers(page))
            {
                continue;
            }

            if (segment.Entry.Kind == SegmentKind.Sparse && segment.LacksIndex)
            {
                BeginIndexes(page, i);
            }

            if (segment.Find(page) is { } block)
            {
                if (page != 1 && !block.IsResident)
                {
                    BeginIndexOfBase(page, i);
                }

                return block;
            }
        }

        throw Corruption.Damaged(segments.Length == 0 ? "head" : segments[0].Key, $"no frame and no segment holds page {page} of {PageCount}");
    }

    /// <summary>
    /// Who reads page 1 begins with the database. The indexes of sparse segments say whether a page is in them, so nothing is found without them:
    /// they come while page 1 does.
    /// </summary>
    private void BeginSparseIndexes()
    {
        foreach (var segment in segments)
        {
            if (segment.Entry.Kind == SegmentKind.Sparse)
            {
                segment.BeginIndex();
            }
        }
    }

    /// <summary>Asks for all indexes that may be needed to find a page, at once: one after the other they would cost a round trip each.</summary>
    private void BeginIndexes(uint page, int from)
    {
        for (int i = from; i < segments.Length; i++)
        {
            if (segments[i].Covers(page))
            {
                bool isDense = segments[i].Entry.Kind == SegmentKind.Dense;
                if (!isDense || !segments[i].IsReadWhole)
                {
                    segments[i].BeginIndex();
                }

                if (isDense)
                {
                    // It has every page between its ends: nobody looks further.
                    return;
                }
            }
        }
    }

    /// <summary>
    /// A page that stands once more before its base, as <see cref="InteriorPages"/> do, mostly leads to pages near it: the index of the base is the next
    /// one that is needed, and comes while the page does.
    /// </summary>
    private void BeginIndexOfBase(uint page, int found)
    {
        var segment = segments[found];
        if (segment.Entry.Kind == SegmentKind.Dense)
        {
            return;
        }

        for (int i = found + 1; i < segments.Length; i++)
        {
            var below = segments[i];
            if (below.Covers(page) && below.Entry.Kind == SegmentKind.Dense)
            {
                if (below.Entry.MaxVersion == segment.Entry.MaxVersion && !below.IsReadWhole)
                {
                    below.BeginIndex();
                }

                return;
            }
        }
    }
}
