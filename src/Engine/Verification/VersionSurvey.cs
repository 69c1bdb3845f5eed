using System.Collections.Immutable;

namespace OrleansSqlite.Verification;

/// <summary>Says of the versions of a source which are whole: each page of each stands where the newest image of it should, and can be read there.</summary>
internal sealed class VersionSurvey
{
    private readonly VersionSource source;
    private readonly IReadOnlyList<SegmentState?> segments;
    private readonly PageSet held;
    private readonly PageSet lost;
    private readonly uint highest;

    /// <param name="source">The head, or a saved one, or a pin.</param>
    /// <param name="segments">What became of the segments that it names, in the same order.</param>
    public VersionSurvey(VersionSource source, IReadOnlyList<SegmentState?> segments)
    {
        this.source = source;
        this.segments = segments;
        highest = source.Frames.Select(frame => frame.PageCount).Append(source.BasePageCount ?? 0).Max();
        held = new PageSet(highest);
        lost = new PageSet(highest);
    }

    /// <summary>Goes over the versions, oldest first.</summary>
    /// <returns>Each version, whether it is whole, the lowest page that no segment and no frame holds if there is one, and the pages that are lost: valid until the next step.</returns>
    public IEnumerable<(long Version, bool IsWhole, uint? Nowhere, PageSet Lost, uint PageCount)> Run()
    {
        // From the newest segment to the oldest: who reads a page takes it from the first that holds it.
        foreach (var state in segments)
        {
            foreach (var range in state?.Lost() ?? [])
            {
                for (ulong page = range.First; page <= Math.Min(range.Last, highest); page++)
                {
                    if (!held.Contains((uint)page))
                    {
                        lost.Add((uint)page);
                    }
                }
            }

            foreach (var range in state?.Held() ?? [])
            {
                held.AddRange(range.First, range.Last);
            }
        }

        if (source.BasePageCount is { } pages && IsWanted(source.BaseVersion))
        {
            yield return Judge(source.BaseVersion, pages);
        }

        foreach (var frame in source.Frames)
        {
            foreach (uint page in frame.Pages)
            {
                held.Add(page);
                lost.Remove(page);
            }

            if (IsWanted(frame.Version))
            {
                yield return Judge(frame.Version, frame.PageCount);
            }
        }
    }

    private bool IsWanted(long version) => version >= source.FirstVersion && version <= source.LastWanted;

    private (long Version, bool IsWhole, uint? Nowhere, PageSet Lost, uint PageCount) Judge(long version, uint pages)
    {
        uint? nowhere = pages == 0 ? null : held.FirstNotIn(1, pages);
        bool isWhole = nowhere is null && (pages == 0 || lost.FirstIn(1, pages) is null);
        return (version, isWhole, nowhere, lost, pages);
    }
}
