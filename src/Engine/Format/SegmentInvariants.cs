using System.Numerics;

namespace OrleansSqlite.Format;

/// <summary>What must hold between the fields of a segment's entry. Each check answers null, or what is broken.</summary>
internal static class SegmentInvariants
{
    /// <summary>The first broken rule of the entry, or null if all hold.</summary>
    public static string? FirstBroken(SegmentEntry entry, int pageBytes) =>
        Pages(entry.Kind, entry.FirstPage, entry.LastPage, entry.Images)
        ?? Blocks(entry.Images, entry.PagesPerBlock)
        ?? Versions(entry.MinVersion, entry.MaxVersion)
        ?? Sizes(entry, pageBytes);

    /// <summary>The rules for the page numbers.</summary>
    public static string? Pages(SegmentKind kind, uint firstPage, uint lastPage, uint images)
    {
        if (images == 0)
        {
            // Commits that changed no page have to leave the head as well.
            return kind == SegmentKind.Sparse && firstPage == 0 && lastPage == 0 ? null : "it holds no pages and yet some";
        }

        if (firstPage == 0 || lastPage < firstPage || lastPage > Limits.MaxPageCount)
        {
            return $"the pages {firstPage} to {lastPage} are out of order";
        }

        uint span = lastPage - firstPage + 1;
        return kind switch
        {
            SegmentKind.Dense => images == span ? null : $"{images} images are not all of the pages {firstPage} to {lastPage}",
            SegmentKind.Sparse => images <= span && (images > 1 || span == 1)
                ? null
                : $"{images} images do not fit the pages {firstPage} to {lastPage}",
            _ => $"the kind {(byte)kind} is unknown",
        };
    }

    /// <summary>The rules for the division into blocks.</summary>
    public static string? Blocks(uint images, int pagesPerBlock)
    {
        if (pagesPerBlock is < 1 or > 128 || !BitOperations.IsPow2(pagesPerBlock))
        {
            return $"there cannot be {pagesPerBlock} pages in a block";
        }

        return SegmentLayout.BlockCount(images, pagesPerBlock) <= Limits.MaxBlocks ? null : $"{images} images are too many";
    }

    /// <summary>The rules for the versions.</summary>
    public static string? Versions(long minVersion, long maxVersion) =>
        minVersion >= 1 && maxVersion >= minVersion && maxVersion <= Limits.MaxVersion
            ? null
            : $"the versions {minVersion} to {maxVersion} are out of order";

    private static string? Sizes(SegmentEntry entry, int pageBytes)
    {
        if (entry.PagesPerBlock * (long)pageBytes > Limits.MaxBlockRawBytes)
        {
            return $"{entry.PagesPerBlock} pages of {pageBytes} bytes are too large for a block";
        }

        long blocks = SegmentLayout.BlockCount(entry.Images, entry.PagesPerBlock);
        long blockBytes = entry.IndexOffset - SegmentLayout.HeaderBytes;
        if (blockBytes < blocks || blockBytes > (long)entry.Images * pageBytes)
        {
            return $"the index cannot begin at {entry.IndexOffset} behind {blocks} blocks";
        }

        if (entry.IndexBytes < SegmentLayout.MinIndexBytes(entry.Kind, entry.Images, blocks)
            || entry.IndexBytes > SegmentLayout.MaxIndexBytes(entry.Kind, entry.Images, blocks))
        {
            return $"the index cannot have {entry.IndexBytes} bytes";
        }

        if (entry.ObjectBytes != entry.IndexOffset + entry.IndexBytes + SegmentLayout.FooterBytes)
        {
            return $"the size {entry.ObjectBytes} is not the end of the index and a footer";
        }

        return entry.InlineIndex.IsEmpty || (entry.InlineIndex.Length == entry.IndexBytes && entry.IndexBytes <= Limits.MaxInlineIndexBytes)
            ? null
            : $"the copy of the index has {entry.InlineIndex.Length} of {entry.IndexBytes} bytes";
    }
}
