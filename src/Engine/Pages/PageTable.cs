namespace OrleansSqlite.Pages;

/// <summary>
/// Which block holds each page of one snapshot: a persistent radix tree, 64 ways, whose nodes are shared between snapshots
/// and counted, so that memory of superseded pages goes at once when the last snapshot that sees them does.
/// An empty slot means: ask the segments. A slot that was empty may be filled with what they said, in place:
/// that is true for every snapshot that shares the node.
/// </summary>
internal sealed class PageTable
{
    private const int Bits = 6;
    private const int Ways = 1 << Bits;
    private readonly Node root;
    private readonly int levels;

    private PageTable(Node root, int levels)
    {
        this.root = root;
        this.levels = levels;
    }

    /// <summary>A table that knows no page yet, with one reference.</summary>
    /// <param name="pageCount">The page count of its snapshot: makes the tree deep enough to remember them.</param>
    public static PageTable Empty(uint pageCount = 0)
    {
        int levels = 1;
        while (!Fits(pageCount, levels))
        {
            levels++;
        }

        return new PageTable(new Node(0), levels);
    }

    /// <summary>The block of a page, or null if the segments must be asked.</summary>
    public Block? Find(uint page)
    {
        uint index = page - 1;
        if (index >> (Bits * levels) != 0 && levels < 6)
        {
            return null;
        }

        object? at = root;
        for (int shift = Bits * (levels - 1); shift >= 0 && at is not null; shift -= Bits)
        {
            at = Volatile.Read(ref ((Node)at).Slots[(index >> shift) & (Ways - 1)]);
        }

        return (Block?)at;
    }

    /// <summary>Remembers what the segments said about a page. Ignored if the table is too shallow for the page or already knows.</summary>
    public void Fill(uint page, Block block)
    {
        uint index = page - 1;
        if (index >> (Bits * levels) != 0 && levels < 6)
        {
            return;
        }

        var node = root;
        for (int shift = Bits * (levels - 1); shift > 0; shift -= Bits)
        {
            ref object? slot = ref node.Slots[(index >> shift) & (Ways - 1)];
            node = (Node)(Volatile.Read(ref slot) ?? (Interlocked.CompareExchange(ref slot, new Node(0), null) ?? slot)!);
        }

        // Only segments' blocks come here, and those are not counted.
        Interlocked.CompareExchange(ref node.Slots[index & (Ways - 1)], block, null);
    }

    /// <summary>
    /// A new table, with one reference, in which the given pages stand in the given blocks.
    /// It takes references of its own; the caller keeps its.
    /// </summary>
    /// <param name="pages">The pages that change, with their new blocks. Those behind the last page are left out: they were cut later.</param>
    /// <param name="pageCount">The page count of the new snapshot: makes the tree deep enough, and ends it.</param>
    /// <param name="edit">A number that no other edit has: marks the nodes that this edit made and may change.</param>
    public PageTable With(IEnumerable<KeyValuePair<uint, Block>> pages, uint pageCount, long edit)
    {
        int depth = levels;
        Node top;
        if (Fits(pageCount, depth))
        {
            top = root.Copy(edit, depth == 1);
            Cut(top, depth, pageCount, edit);
        }
        else
        {
            top = root;
            top.AddReference();
            while (!Fits(pageCount, depth))
            {
                var above = new Node(edit);
                above.Slots[0] = top;
                top = above;
                depth++;
            }
        }

        foreach (var (page, block) in pages)
        {
            if (page <= pageCount)
            {
                Set(top, depth, page - 1, block, edit);
            }
        }

        return new PageTable(top, depth);
    }

    /// <summary>The same table for one more snapshot.</summary>
    public PageTable Share()
    {
        root.AddReference();
        return this;
    }

    /// <summary>Gives back a reference.</summary>
    public void Release() => root.Release(levels);

    /// <summary>All pages that stand in frames, in order.</summary>
    public IEnumerable<KeyValuePair<uint, Block>> FramePages() => FramePages(root, levels, 0);

    private static IEnumerable<KeyValuePair<uint, Block>> FramePages(Node node, int level, uint prefix)
    {
        for (uint i = 0; i < Ways; i++)
        {
            uint index = (prefix << Bits) | i;
            switch (Volatile.Read(ref node.Slots[i]))
            {
                case Node below:
                    foreach (var pair in FramePages(below, level - 1, index))
                    {
                        yield return pair;
                    }

                    break;
                case Block { Segment: null } block:
                    yield return new(index + 1, block);
                    break;
            }
        }
    }

    private static bool Fits(uint pageCount, int levels) => levels >= 6 || pageCount <= 1u << (Bits * levels);

    /// <summary>
    /// Lets go of what stands behind the last page, in a node that this edit made: nobody asks for it, and should the database
    /// grow again, it is written anew.
    /// </summary>
    private static void Cut(Node node, int level, uint pageCount, long edit)
    {
        if (pageCount == 0)
        {
            node.Clear(0, level);
            return;
        }

        for (uint last = pageCount - 1; ; level--)
        {
            int place = PlaceOf(last, level);
            node.Clear(place + 1, level);
            ref object? slot = ref node.Slots[place];
            if (level == 1 || slot is not Node below || !HoldsBehind(below, level - 1, last))
            {
                return;
            }

            node = Owned(ref slot, below, level - 1, edit);
        }
    }

    private static bool HoldsBehind(Node node, int level, uint last)
    {
        for (; ; level--)
        {
            int place = PlaceOf(last, level);
            if (node.Slots.AsSpan(place + 1).ContainsAnyExcept((object?)null))
            {
                return true;
            }

            if (level == 1 || node.Slots[place] is not Node below)
            {
                return false;
            }

            node = below;
        }
    }

    private static int PlaceOf(uint index, int level) => (int)(index >> (Bits * (level - 1))) & (Ways - 1);

    /// <summary>The node in a slot of a node of this edit's, copied if it is not this edit's itself.</summary>
    private static Node Owned(ref object? slot, Node node, int level, long edit)
    {
        if (node.Edit == edit)
        {
            return node;
        }

        var copy = node.Copy(edit, level == 1);
        node.Release(level);
        slot = copy;
        return copy;
    }

    private static void Set(Node top, int levels, uint index, Block block, long edit)
    {
        var node = top;
        for (int level = levels; level > 1; level--)
        {
            ref object? slot = ref node.Slots[PlaceOf(index, level)];
            if (slot is null)
            {
                slot = new Node(edit);
            }

            node = Owned(ref slot, (Node)slot, level - 1, edit);
        }

        block.AddReference();
        ref object? leaf = ref node.Slots[index & (Ways - 1)];
        ((Block?)leaf)?.Release();
        leaf = block;
    }

    private sealed class Node(long edit)
    {
        private int references = 1;

        public object?[] Slots { get; } = new object?[Ways];

        public long Edit { get; } = edit;

        public void AddReference() => Interlocked.Increment(ref references);

        public Node Copy(long edit, bool leaf)
        {
            var copy = new Node(edit);
            for (int i = 0; i < Ways; i++)
            {
                object? child = Volatile.Read(ref Slots[i]);
                copy.Slots[i] = child;
                if (leaf)
                {
                    ((Block?)child)?.AddReference();
                }
                else
                {
                    ((Node?)child)?.AddReference();
                }
            }

            return copy;
        }

        public void Release(int level)
        {
            if (Interlocked.Decrement(ref references) == 0)
            {
                Clear(0, level);
            }
        }

        /// <summary>Lets go of the children from a place on.</summary>
        public void Clear(int from, int level)
        {
            foreach (ref object? child in Slots.AsSpan(from))
            {
                if (level == 1)
                {
                    ((Block?)child)?.Release();
                }
                else
                {
                    ((Node?)child)?.Release(level - 1);
                }

                child = null;
            }
        }
    }
}
