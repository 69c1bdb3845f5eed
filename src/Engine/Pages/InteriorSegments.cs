using OrleansSqlite.Format;

namespace OrleansSqlite.Pages;

/// <summary>
/// Builds the segments that hold a base's interior pages once more. They stand before the base's dense segments in the head's list, with the same
/// versions: the first segment that holds a page counts. The first is so small that it is read whole; a cold point query needs it, one block of the
/// second and the block with the row: three round trips, whatever the size.
/// </summary>
internal static class InteriorSegments
{
    /// <summary>Below this there is only one: it is read whole.</summary>
    private const int OneSegmentBytes = 1 << 20;

    /// <summary>A base whose interior pages are more than a sixteenth of it (long keys) has the upper ones only: copies must not cost much.</summary>
    private const uint MostOfBase = 16;

    /// <summary>Builds them one after the other, in the order in which they are to stand in the head. None for a base that is read whole anyway.</summary>
    /// <param name="interior">What was found in the base.</param>
    /// <param name="pageCount">How many pages the base has.</param>
    /// <param name="read">Gives the image of a page.</param>
    /// <param name="begin">Makes a builder of a sparse segment.</param>
    /// <param name="finish">Ends one.</param>
    /// <param name="pageBytes">The size of a page.</param>
    /// <param name="segmentBytes">How many bytes of images a segment may hold.</param>
    public static IEnumerable<SegmentObject> Build(
        InteriorPages interior,
        uint pageCount,
        int pageBytes,
        long segmentBytes,
        InteriorPages.ReadPage read,
        Func<SegmentBuilder> begin,
        Func<SegmentBuilder, SegmentObject> finish)
    {
        if ((long)pageCount * pageBytes <= OneSegmentBytes)
        {
            yield break;
        }

        var (upper, lower) = interior.Split(read);
        bool one = (upper.Count + lower.Count) * (long)pageBytes <= OneSegmentBytes;
        IEnumerable<IReadOnlyList<uint>> groups = one ? [[.. upper.Concat(lower).Order()]]
            : lower.Count > pageCount / MostOfBase ? [upper]
            : [upper, .. lower.Chunk((int)(segmentBytes / pageBytes))];
        foreach (var group in groups)
        {
            var builder = begin();
            foreach (uint page in group)
            {
                builder.Add(page, read(page));
            }

            yield return finish(builder);
        }
    }
}
