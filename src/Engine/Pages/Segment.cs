using System.Runtime.InteropServices;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Pages;

/// <summary>
/// A stored segment as a source of pages. Its index and its blocks are read when they are first needed; a small segment is read whole.
/// Reads block the calling thread, which is one of the engine's own: SQLite asks for pages synchronously. What is read ahead waits for nobody.
/// </summary>
internal sealed partial class Segment
{
    /// <summary>Objects up to this size are read with one request: a second round trip would cost more than the bytes.</summary>
    private const int WholeObjectBytes = 1 << 20;

    private readonly Flights flights = new();
    private readonly SegmentSource source;
    private readonly int pageBytes;
    private Block?[]? blocks;
    private SegmentIndex? index;

    public Segment(SegmentSource source, SegmentEntry entry, int pageBytes, SegmentIndex? index = null)
    {
        this.source = source;
        this.pageBytes = pageBytes;
        this.index = index;
        Entry = entry;
        Key = source.KeyOf(entry);
    }

    /// <summary>What the head says about the segment.</summary>
    public SegmentEntry Entry { get; }

    /// <summary>The object's key.</summary>
    public string Key { get; }

    /// <summary>How many blocks it has.</summary>
    public int BlockCount => (int)((Entry.Images + (uint)Entry.PagesPerBlock - 1) / (uint)Entry.PagesPerBlock);

    /// <summary>The size of the images of a full block.</summary>
    public int BlockBytes => Entry.PagesPerBlock * pageBytes;

    /// <summary>The segment's index; reads it if need be.</summary>
    public SegmentIndex Index => Volatile.Read(ref index) ?? LoadIndex();

    /// <summary>Whether a page's block, or that there is none, can only be known once the index has been read.</summary>
    public bool LacksIndex => Volatile.Read(ref index) is null && Entry.InlineIndex.Length == 0;

    /// <summary>Whether the object is so small that the first read brings all of it.</summary>
    public bool IsReadWhole => Entry.ObjectBytes <= WholeObjectBytes;

    /// <summary>Whether the page lies between the first and the last one. In a dense segment it is there, then.</summary>
    public bool Covers(uint page) => page >= Entry.FirstPage && page <= Entry.LastPage;

    /// <summary>The block that holds a page, if this segment does.</summary>
    public Block? Find(uint page)
    {
        if (!Covers(page))
        {
            return null;
        }

        if (Entry.Kind == SegmentKind.Dense)
        {
            // No index is needed for that.
            return BlockAt((int)((page - Entry.FirstPage) / (uint)Entry.PagesPerBlock));
        }

        return Index.TryFind(page, out int number, out _) ? BlockAt(number) : null;
    }

    /// <summary>Which image of a block belongs to a page that the block holds.</summary>
    public int SlotOf(Block block, uint page)
    {
        if (Entry.Kind == SegmentKind.Dense)
        {
            return (int)(page - block.FirstPage);
        }

        return Index.TryFind(page, out _, out int slot) ? slot : throw new InvalidOperationException($"Page {page} is not in {Key}.");
    }

    /// <summary>All pages of the segment, in order, each with its block.</summary>
    public IEnumerable<KeyValuePair<uint, Block>> Pages()
    {
        for (int number = 0; number < Index.BlockCount; number++)
        {
            var location = Index.Block(number);
            var block = BlockAt(number);
            for (int i = 0; i < location.Images; i++)
            {
                yield return new(Index.PageAt(location.FirstOrdinal + i), block);
            }
        }
    }

    /// <summary>Whether it holds any page from one to another; reads the index if need be.</summary>
    public bool HoldsAny(uint first, uint last)
    {
        if (Entry.Images == 0 || first > Entry.LastPage || last < Entry.FirstPage)
        {
            return false;
        }

        if (Entry.Kind == SegmentKind.Dense)
        {
            return true;
        }

        int place = Index.SparsePages.BinarySearch(first);
        return place >= 0 || (~place < Index.SparsePages.Length && Index.SparsePages[~place] <= last);
    }

    /// <summary>Brings a block into memory and pins it.</summary>
    /// <exception cref="StoreException">The store could not be read.</exception>
    /// <exception cref="DatabaseException">The object is damaged.</exception>
    public void LoadAndPin(Block block)
    {
        int flight = IsReadWhole ? Flights.Whole : block.Index;
        while (!block.TryPin())
        {
            if (flights.Enter(flight) is { } others)
            {
                // Did they fail, then this reader finds out by himself.
                source.Wait(others);
                continue;
            }

            try
            {
                if (!block.IsResident && (IsReadWhole ? TryLoadWhole(block) : TryLoadBlock(block)))
                {
                    return;
                }
            }
            finally
            {
                flights.Leave(flight);
            }
        }
    }

    /// <summary>
    /// Hands the segment images that are in memory anyway, because this process has just written them. Never waits: a reader that has met
    /// the segment in a newer head may be loading the same from the store.
    /// </summary>
    public void Seed(int number, ReadOnlySpan<byte> images)
    {
        var block = BlockAt(number);
        int flight = IsReadWhole ? Flights.Whole : number;
        if (!block.IsResident && flights.TryEnter(flight))
        {
            try
            {
                Publish(block, Copy(images), pinned: false);
            }
            finally
            {
                flights.Leave(flight);
            }
        }
    }

    private Block BlockAt(int number)
    {
        var places = Volatile.Read(ref blocks);
        if (places is null)
        {
            var made = new Block?[BlockCount];
            places = Interlocked.CompareExchange(ref blocks, made, null) ?? made;
        }

        return Volatile.Read(ref places[number]) ?? Make(places, number);
    }

    private Block Make(Block?[] places, int number)
    {
        int ordinal = number * Entry.PagesPerBlock;
        uint first = Entry.Kind == SegmentKind.Dense ? Entry.FirstPage + (uint)ordinal : Index.PageAt(ordinal);
        int images = (int)Math.Min((uint)Entry.PagesPerBlock, Entry.Images - (uint)ordinal);
        var block = Block.ForSegment(this, number, first, images * pageBytes);
        return Interlocked.CompareExchange(ref places[number], block, null) ?? block;
    }

    private bool TryLoadBlock(Block block)
    {
        source.Ahead.Missed(this, block.Index);
        var location = Index.Block(block.Index);
        if (TryDecodeKept(block.Index, location, out nint images))
        {
            return Publish(block, images, pinned: true);
        }

        var stored = source.ReadRange(Key, location.Offset, location.StoredBytes);
        images = Decode(location, stored.Span);
        source.Cache.Disk?.Keep(Entry.Id, block.Index, stored.Span);
        return Publish(block, images, pinned: true);
    }

    private bool TryLoadWhole(Block wanted)
    {
        if (source.Cache.Disk?.Find(Entry.Id, Flights.Whole, (int)Entry.ObjectBytes) is { } kept)
        {
            try
            {
                return TakeWhole(wanted, kept);
            }
            catch (DatabaseException)
            {
                // What the disk keeps is no better than a guess: the store has the truth.
                source.Cache.Disk.Drop(Entry.Id, Flights.Whole);
            }
        }

        ReadOnlyMemory<byte> content;
        try
        {
            content = source.ReadRange(Key, 0, (int)Entry.ObjectBytes);
        }
        catch (StoreException e) when (e.Failure == StoreFailure.Truncated)
        {
            // What is wanted may lie in what is left.
            return TryLoadBlock(wanted);
        }

        bool taken = TakeWhole(wanted, content);
        source.Cache.Disk?.Keep(Entry.Id, Flights.Whole, content.Span);
        return taken;
    }

    private bool TakeWhole(Block wanted, ReadOnlyMemory<byte> content)
    {
        var known = Volatile.Read(ref index) ?? DecodeIndex(Entry.InlineIndex.Length > 0 ? Entry.InlineIndex : content.Slice((int)Entry.IndexOffset, Entry.IndexBytes));
        Volatile.Write(ref index, known);
        var own = known.Block(wanted.Index);
        if (!Publish(wanted, Decode(own, content.Span.Slice((int)own.Offset, own.StoredBytes)), pinned: true))
        {
            return false;
        }

        // The rest came along for nothing; it is kept if it does not push out much else.
        bool all = Entry.Images * (long)pageBytes <= source.Cache.LimitBytes / 4;
        for (int i = 0; all && i < known.BlockCount; i++)
        {
            var location = known.Block(i);
            if (BlockAt(i) is { IsResident: false } block && TryDecode(location, content.Span.Slice((int)location.Offset, location.StoredBytes), out nint images))
            {
                Publish(block, images, pinned: false);
            }
        }

        return true;
    }

    private SegmentIndex LoadIndex()
    {
        while (true)
        {
            if (Volatile.Read(ref index) is { } known)
            {
                return known;
            }

            if (Entry.InlineIndex.Length > 0)
            {
                Volatile.Write(ref index, DecodeIndex(Entry.InlineIndex));
            }
            else if (flights.Enter(Flights.Index) is { } others)
            {
                source.Wait(others);
            }
            else
            {
                try
                {
                    if (Volatile.Read(ref index) is null && !TryTakeKeptIndex())
                    {
                        TakeIndex(source.ReadRange(Key, Entry.IndexOffset, Entry.IndexBytes));
                    }
                }
                finally
                {
                    flights.Leave(Flights.Index);
                }
            }
        }
    }

    private bool TryTakeKeptIndex()
    {
        if (source.Cache.Disk?.Find(Entry.Id, Flights.Index, Entry.IndexBytes) is not { } kept)
        {
            return false;
        }

        try
        {
            Volatile.Write(ref index, DecodeIndex(kept));
            return true;
        }
        catch (DatabaseException)
        {
            source.Cache.Disk.Drop(Entry.Id, Flights.Index);
            return false;
        }
    }

    private void TakeIndex(ReadOnlyMemory<byte> encoded)
    {
        Volatile.Write(ref index, DecodeIndex(encoded));
        source.Cache.Disk?.Keep(Entry.Id, Flights.Index, encoded.Span);
    }

    private SegmentIndex DecodeIndex(ReadOnlyMemory<byte> encoded) => SegmentIndex.Decode(encoded, Entry, Key);

    private bool TryDecodeKept(int number, in BlockLocation location, out nint images)
    {
        images = 0;
        if (source.Cache.Disk?.Find(Entry.Id, number, location.StoredBytes) is not { } kept)
        {
            return false;
        }

        if (TryDecode(location, kept, out images))
        {
            return true;
        }

        source.Cache.Disk.Drop(Entry.Id, number);
        return false;
    }

    private bool TryDecode(in BlockLocation location, ReadOnlySpan<byte> stored, out nint images)
    {
        try
        {
            images = Decode(location, stored);
            return true;
        }
        catch (DatabaseException)
        {
            images = 0;
            return false;
        }
    }

    private unsafe nint Decode(in BlockLocation location, ReadOnlySpan<byte> stored)
    {
        int bytes = location.Images * pageBytes;
        void* images = NativeMemory.Alloc((nuint)bytes);
        try
        {
            SegmentIndex.DecodeBlock(stored, location, new Span<byte>(images, bytes), Key);
        }
        catch
        {
            NativeMemory.Free(images);
            throw;
        }

        return (nint)images;
    }

    /// <summary>Hands images over to a block. False if it has some by now: these are freed.</summary>
    private unsafe bool Publish(Block block, nint images, bool pinned)
    {
        bool isKept = InteriorPages.AreMostly(block.FirstPage, new ReadOnlySpan<byte>((void*)images, block.Bytes), pageBytes);
        if (!block.TryPublish(images, pinned, isKept))
        {
            NativeMemory.Free((void*)images);
            return false;
        }

        source.Cache.Add(block);
        return true;
    }

    private static unsafe nint Copy(ReadOnlySpan<byte> images)
    {
        void* copy = NativeMemory.Alloc((nuint)images.Length);
        images.CopyTo(new Span<byte>(copy, images.Length));
        return (nint)copy;
    }
}
