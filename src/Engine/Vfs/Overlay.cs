using System.Runtime.InteropServices;
using OrleansSqlite.Pages;

namespace OrleansSqlite.Vfs;

/// <summary>The pages that a transaction has written, over the snapshot that it runs on. Private until its commit point.</summary>
internal sealed unsafe class Overlay : IDisposable
{
    private readonly Dictionary<uint, nint> pages = [];
    private uint lowestCount;

    public Overlay(int pageBytes, uint pageCount)
    {
        PageBytes = pageBytes;
        PageCount = pageCount;
        lowestCount = pageCount;
    }

    /// <summary>The page size in bytes.</summary>
    public int PageBytes { get; }

    /// <summary>The number of pages as the transaction sees it.</summary>
    public uint PageCount { get; private set; }

    /// <summary>The tables that the transaction touched, once it comes to its commit point.</summary>
    public IReadOnlyList<string> Tables { get; set; } = [];

    /// <summary>The memory that it holds, in bytes.</summary>
    public long Bytes => (long)pages.Count * PageBytes;

    /// <summary>The image of a page that the transaction wrote, or null.</summary>
    public byte* Find(uint page) => pages.TryGetValue(page, out nint image) ? (byte*)image : null;

    /// <summary>Whether a page of the snapshot below still counts, if this overlay does not hold it.</summary>
    public bool ShowsBelow(uint page) => page <= lowestCount;

    /// <summary>The image of a page for writing; new ones hold zeros.</summary>
    /// <param name="page">The page.</param>
    /// <param name="isNew">True if the overlay did not hold it: then the caller fills it from below, unless it writes all of it.</param>
    public byte* Open(uint page, out bool isNew)
    {
        isNew = !pages.TryGetValue(page, out nint image);
        if (isNew)
        {
            image = (nint)NativeMemory.AllocZeroed((nuint)PageBytes);
            pages.Add(page, image);
        }

        PageCount = Math.Max(PageCount, page);
        return (byte*)image;
    }

    /// <summary>Cuts the pages behind a count, or grows to it.</summary>
    public void Resize(uint count)
    {
        if (count < PageCount)
        {
            foreach (uint page in pages.Keys)
            {
                if (page > count)
                {
                    pages.Remove(page, out nint image);
                    NativeMemory.Free((void*)image);
                }
            }

            lowestCount = Math.Min(lowestCount, count);
        }

        PageCount = count;
    }

    /// <summary>
    /// Hands over the pages as blocks, each with one reference that is the receiver's; the overlay is empty afterwards.
    /// Every page above the lowest count since the snapshot is among them, written or not (SQLite does not write free pages):
    /// so no older image of such a page can ever show through.
    /// </summary>
    public SortedDictionary<uint, Block> Freeze()
    {
        for (ulong page = lowestCount + 1UL; page <= PageCount; page++)
        {
            Open((uint)page, out _);
        }

        SortedDictionary<uint, Block> frozen = [];
        foreach (var (page, image) in pages)
        {
            frozen.Add(page, Block.ForFrame(page, image, PageBytes));
        }

        pages.Clear();
        return frozen;
    }

    /// <summary>Frees what was not handed over.</summary>
    public void Dispose()
    {
        foreach (nint image in pages.Values)
        {
            NativeMemory.Free((void*)image);
        }

        pages.Clear();
    }
}
