using OrleansSqlite.Pages;

namespace OrleansSqlite.Vfs;

/// <summary>
/// The pages that SQLite holds pointers to, on one connection: 64 places, each with the block that it keeps in memory and a count.
/// A block stays pinned until its place is wanted or the transaction ends, so that the hot pages of a transaction
/// cost no interlocked operation after the first touch.
/// </summary>
internal sealed class PagePins
{
    private const int Places = 64;
    private readonly uint[] pages = new uint[Places];
    private readonly int[] counts = new int[Places];
    private readonly Block?[] blocks = new Block?[Places];
    private readonly nint[] images = new nint[Places];
    private ulong used;

    /// <summary>One more pointer to a page whose block is pinned here. 0 if it is not.</summary>
    public nint Again(uint page)
    {
        uint place = page % Places;
        if (pages[place] != page)
        {
            return 0;
        }

        counts[place]++;
        return images[place];
    }

    /// <summary>Pins a block for a page. False if its place is taken by another page that is in use.</summary>
    public unsafe bool TryAdd(uint page, Snapshot snapshot, out nint image)
    {
        uint place = page % Places;
        image = 0;
        if (counts[place] > 0)
        {
            return false;
        }

        var block = snapshot.Find(page);
        Snapshot.Pin(block);
        blocks[place]?.Unpin();
        blocks[place] = block;
        image = (nint)block.Image(Snapshot.SlotOf(block, page), snapshot.PageBytes);
        images[place] = image;
        pages[place] = page;
        counts[place] = 1;
        used |= 1UL << (int)place;
        return true;
    }

    /// <summary>One pointer fewer.</summary>
    public void Remove(uint page)
    {
        uint place = page % Places;
        if (pages[place] == page && counts[place] > 0)
        {
            counts[place]--;
        }
    }

    /// <summary>The pages have new images: hands out no pointer again, but keeps those that are in use alive.</summary>
    public void Retire()
    {
        for (ulong rest = used; rest != 0; rest &= rest - 1)
        {
            pages[System.Numerics.BitOperations.TrailingZeroCount(rest)] = 0;
        }
    }

    /// <summary>The transaction is over: lets everything go.</summary>
    public void Clear()
    {
        while (used != 0)
        {
            int place = System.Numerics.BitOperations.TrailingZeroCount(used);
            used &= used - 1;
            blocks[place]?.Unpin();
            blocks[place] = null;
            pages[place] = 0;
            counts[place] = 0;
        }
    }
}
