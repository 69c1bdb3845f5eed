using OrleansSqlite.Format;

namespace OrleansSqlite.Verification;

/// <summary>What reading a segment back came to.</summary>
/// <param name="Entry">What the head says of it.</param>
/// <param name="Key">The object's key.</param>
/// <param name="Index">Its index; null if there is none that is right.</param>
/// <param name="LostBlocks">The blocks that can't be read, ascending.</param>
internal sealed record SegmentState(SegmentEntry Entry, string Key, SegmentIndex? Index, int[] LostBlocks)
{
    /// <summary>Whether a block can't be read.</summary>
    public bool Lacks(int block) => Array.BinarySearch(LostBlocks, block) >= 0;

    /// <summary>Whether nobody can say where its blocks are: none of its pages can be had.</summary>
    public bool IsLost => Index is null;

    /// <summary>Whether it holds a page, as far as it is known. One that is lost is taken to hold all between its ends.</summary>
    public bool Holds(uint page) =>
        Entry.Images > 0 && page >= Entry.FirstPage && page <= Entry.LastPage
        && (IsLost || Entry.Kind == SegmentKind.Dense || Index!.TryFind(page, out _, out _));

    /// <summary>The pages that it holds, as ranges.</summary>
    public IEnumerable<PageRange> Held()
    {
        if (Entry.Images == 0)
        {
            yield break;
        }

        if (IsLost || Entry.Kind == SegmentKind.Dense)
        {
            yield return new PageRange(Entry.FirstPage, Entry.LastPage);
            yield break;
        }

        for (int i = 0; i < (int)Entry.Images; i++)
        {
            uint page = Index!.PageAt(i);
            yield return new PageRange(page, page);
        }
    }

    /// <summary>The pages that it should have and that can't be had, as ranges.</summary>
    public IEnumerable<PageRange> Lost() => IsLost
        ? Entry.Images == 0 ? [] : [new PageRange(Entry.FirstPage, Entry.LastPage)]
        : LostBlocks.SelectMany(PagesOf);

    /// <summary>The pages in a block.</summary>
    public IEnumerable<PageRange> PagesOf(int block)
    {
        uint first = (uint)block * (uint)Entry.PagesPerBlock;
        uint images = Math.Min((uint)Entry.PagesPerBlock, Entry.Images - first);
        if (Entry.Kind == SegmentKind.Dense)
        {
            return [new PageRange(Entry.FirstPage + first, Entry.FirstPage + first + images - 1)];
        }

        return Enumerable.Range((int)first, (int)images).Select(ordinal => Index!.PageAt(ordinal)).Select(page => new PageRange(page, page));
    }
}
