using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Pages;

/// <summary>
/// A stored segment as a source of pages. Its index and its blocks are read when they are first needed; a small segment is read whole.
/// Reads block the calling thread, which is one of the engine's own: SQLite asks for pages synchronously.
/// </summary>
internal sealed unsafe class Segment
{
    /// <summary>Objects up to this size are read with one request: a second round trip would cost more than the bytes.</summary>
    private const int WholeObjectBytes = 1 << 20;

    private readonly Lock gate = new();
    private readonly SegmentSource source;
    private readonly int pageBytes;
    private readonly ConcurrentDictionary<int, Block> blocks = new();
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

    /// <summary>The segment's index; reads it if need be.</summary>
    public SegmentIndex Index => Volatile.Read(ref index) ?? LoadIndex();

    /// <summary>The block that holds a page, if this segment does.</summary>
    public Block? Find(uint page)
    {
        if (page < Entry.FirstPage || page > Entry.LastPage || !Index.TryFind(page, out int number, out _))
        {
            return null;
        }

        return BlockAt(number);
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
        while (!block.TryPin())
        {
            if (Entry.ObjectBytes <= WholeObjectBytes ? TryLoadWhole(block) : TryLoadBlock(block))
            {
                return;
            }
        }
    }

    /// <summary>
    /// Hands the segment images that are in memory anyway, because this process has just written them. Never waits: a reader that has met
    /// the segment in a newer head may hold a lock while it loads the same from the store.
    /// </summary>
    public void Seed(int number, ReadOnlySpan<byte> images)
    {
        var block = BlockAt(number);
        if (!gate.TryEnter())
        {
            return;
        }

        try
        {
            if (!Monitor.TryEnter(block))
            {
                return;
            }

            try
            {
                if (!block.IsResident)
                {
                    Publish(block, Copy(images), pinned: false);
                }
            }
            finally
            {
                Monitor.Exit(block);
            }
        }
        finally
        {
            gate.Exit();
        }
    }

    private Block BlockAt(int number) => blocks.GetOrAdd(number, static (n, self) =>
    {
        var location = self.Index.Block(n);
        return Block.ForSegment(self, n, self.Index.PageAt(location.FirstOrdinal), location.Images * self.pageBytes);
    }, this);

    private bool TryLoadBlock(Block block)
    {
        lock (block)
        {
            if (block.IsResident)
            {
                return false;
            }

            var location = Index.Block(block.Index);
            var stored = source.ReadRange(Key, location.Offset, location.StoredBytes);
            Publish(block, Decode(location, stored.Span), pinned: true);
            return true;
        }
    }

    private bool TryLoadWhole(Block wanted)
    {
        lock (gate)
        {
            if (wanted.IsResident)
            {
                return false;
            }

            var content = source.ReadRange(Key, 0, (int)Entry.ObjectBytes);
            var known = index ?? DecodeIndex(content.Slice((int)Entry.IndexOffset, Entry.IndexBytes));
            Volatile.Write(ref index, known);
            // The rest came along for nothing; it is kept if it does not push out much else.
            bool all = Entry.Images * (long)pageBytes <= source.Cache.LimitBytes / 4;
            for (int i = 0; i < known.BlockCount; i++)
            {
                var block = BlockAt(i);
                bool isWanted = ReferenceEquals(block, wanted);
                if (isWanted || (all && !block.IsResident))
                {
                    var location = known.Block(i);
                    Publish(block, Decode(location, content.Span.Slice((int)location.Offset, location.StoredBytes)), isWanted);
                }
            }

            return true;
        }
    }

    private SegmentIndex LoadIndex()
    {
        lock (gate)
        {
            if (index is null)
            {
                var encoded = Entry.InlineIndex.Length > 0
                    ? Entry.InlineIndex
                    : source.ReadRange(Key, Entry.IndexOffset, Entry.IndexBytes);
                Volatile.Write(ref index, DecodeIndex(encoded));
            }

            return index;
        }
    }

    private SegmentIndex DecodeIndex(ReadOnlyMemory<byte> encoded) => SegmentIndex.Decode(encoded, Entry, Key);

    private nint Decode(in BlockLocation location, ReadOnlySpan<byte> stored)
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

    private void Publish(Block block, nint images, bool pinned)
    {
        block.Publish(images, pinned);
        source.Cache.Add(block);
    }

    private static nint Copy(ReadOnlySpan<byte> images)
    {
        void* copy = NativeMemory.Alloc((nuint)images.Length);
        images.CopyTo(new Span<byte>(copy, images.Length));
        return (nint)copy;
    }
}
