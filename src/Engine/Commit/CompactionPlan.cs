using System.Collections.Immutable;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;

namespace OrleansSqlite.Commit;

/// <summary>
/// Which segments are worth merging. Segments that were written together are a run. The newest run takes in the one behind it if that has at most twice as many pages
/// as are being merged already: so each page is rewritten a logarithmic number of times, and a logarithmic number of runs is left.
/// </summary>
internal static class CompactionPlan
{
    /// <summary>Runs of smaller objects are merged by flushes, in passing; larger ones here.</summary>
    public const long SmallBytes = 8L << 20;

    /// <summary>The segments of a head that should be merged by now, if any should: behind the small ones.</summary>
    public static Range? Due(ImmutableArray<SegmentEntry> segments)
    {
        int start = 0;
        while (start < segments.Length && segments[start].ObjectBytes <= SmallBytes)
        {
            start++;
        }

        int end = EndOfRun(segments, start);
        long images = Images(segments, start, end);
        bool isDue = false;
        while (end < segments.Length)
        {
            int next = EndOfRun(segments, end);
            long more = Images(segments, end, next);
            if (more > 2 * images)
            {
                break;
            }

            images += more;
            end = next;
            isDue = true;
        }

        return isDue ? start..end : null;
    }

    /// <summary>
    /// Of segments that follow each other those that must be rewritten. One that is large and dense, and none of whose pages stands in another one but in copies
    /// of the same age before it, is as good as it can be: the new segments come to stand before it, and hold nothing that is older than its own.
    /// </summary>
    public static IReadOnlyList<Segment> ToMerge(IReadOnlyList<Segment> segments, int pageBytes)
    {
        List<Segment> merged = [];
        for (int i = 0; i < segments.Count; i++)
        {
            var entry = segments[i].Entry;
            bool isGood = entry.Kind == SegmentKind.Dense
                && entry.Images * (long)pageBytes >= Flush.SegmentRawBytes / 2
                && merged.Count > 0
                && !merged.Any(newer => newer.Entry.MaxVersion > entry.MaxVersion && newer.HoldsAny(entry.FirstPage, entry.LastPage))
                && !segments.Skip(i + 1).Any(older => older.HoldsAny(entry.FirstPage, entry.LastPage));
            if (!isGood)
            {
                merged.Add(segments[i]);
            }
        }

        return merged;
    }

    /// <summary>The pages that the segments hold, in ascending order, in pieces of the size of a segment. Those behind the last page are gone.</summary>
    public static IEnumerable<IReadOnlyList<uint>> Pieces(IReadOnlyList<Segment> segments, uint pageCount, int pageBytes)
    {
        int most = (int)(Flush.SegmentRawBytes / pageBytes);
        List<uint> piece = [];
        uint last = 0;
        var next = new PriorityQueue<IEnumerator<KeyValuePair<uint, Block>>, uint>();
        foreach (var segment in segments)
        {
            Advance(segment.Pages().GetEnumerator());
        }

        while (next.TryDequeue(out var pages, out uint page))
        {
            if (page != last && page <= pageCount)
            {
                if (piece.Count == most)
                {
                    yield return piece;
                    piece = [];
                }

                piece.Add(page);
                last = page;
            }

            Advance(pages);
        }

        if (piece.Count > 0)
        {
            yield return piece;
        }

        void Advance(IEnumerator<KeyValuePair<uint, Block>> pages)
        {
            if (pages.MoveNext())
            {
                next.Enqueue(pages, pages.Current.Key);
            }
        }
    }

    /// <summary>The lowest page of all.</summary>
    public static uint FirstPage(IReadOnlyList<Segment> segments) => segments.Where(segment => segment.Entry.Images > 0).Min(segment => segment.Entry.FirstPage);

    private static int EndOfRun(ImmutableArray<SegmentEntry> segments, int start)
    {
        int end = start;
        while (end < segments.Length && (segments[end].MinVersion, segments[end].MaxVersion) == (segments[start].MinVersion, segments[start].MaxVersion))
        {
            end++;
        }

        return end;
    }

    private static long Images(ImmutableArray<SegmentEntry> segments, int start, int end)
    {
        long images = 0;
        for (int i = start; i < end; i++)
        {
            images += segments[i].Images;
        }

        return images;
    }
}
