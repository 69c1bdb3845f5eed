using System.Collections.Immutable;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.TimeTravel;

namespace OrleansSqlite.Verification;

/// <summary>A frame without its images.</summary>
/// <param name="Version">The version that its commit made.</param>
/// <param name="TimeMs">When.</param>
/// <param name="PageCount">How many pages there are after it.</param>
/// <param name="Pages">Which pages it holds.</param>
internal readonly record struct FrameOutline(long Version, long TimeMs, uint PageCount, uint[] Pages);

/// <summary>
/// An object from which versions can be read (the head, a saved head, a pin), without its bytes: what it takes to say which of its versions are
/// whole. A history of many thousand versions is held in memory as such.
/// </summary>
internal sealed class VersionSource
{
    private VersionSource(string key, Head head, ImmutableArray<string> segments, ImmutableArray<FrameOutline> frames, string? snapshot)
    {
        Key = key;
        DatabaseId = head.DatabaseId;
        PageBytes = head.PageBytes;
        Segments = segments;
        Frames = frames;
        Snapshot = snapshot;
        FirstVersion = head.FirstReadableVersion;
        LastVersion = head.Version;
        LastTimeMs = PastHead.TimeOf(head);
        BasePageCount = frames.IsEmpty ? head.PageCount : head.History?.BasePageCount;
    }

    /// <summary>The object.</summary>
    public string Key { get; }

    /// <summary>The database that it says it is of.</summary>
    public Guid DatabaseId { get; }

    /// <summary>The page size.</summary>
    public int PageBytes { get; }

    /// <summary>The objects of the segments that it names, newest first.</summary>
    public ImmutableArray<string> Segments { get; }

    /// <summary>Its frames.</summary>
    public ImmutableArray<FrameOutline> Frames { get; }

    /// <summary>The snapshot's name, if it is a pin of one.</summary>
    public string? Snapshot { get; }

    /// <summary>The oldest version to be read from it; those before are read from older ones.</summary>
    public long FirstVersion { get; set; }

    /// <summary>The newest one to be read from it: those after it are read from the head.</summary>
    public long LastWanted { get; set; } = long.MaxValue;

    /// <summary>The newest one.</summary>
    public long LastVersion { get; }

    /// <summary>When that was committed.</summary>
    public long LastTimeMs { get; }

    /// <summary>How many pages there are before the first frame, if it is known.</summary>
    public uint? BasePageCount { get; }

    /// <summary>The version before the first frame.</summary>
    public long BaseVersion => LastVersion - Frames.Length;

    /// <summary>When a version of it was committed, as far as it says.</summary>
    public long TimeOf(long version) => version > BaseVersion ? Frames[(int)(version - BaseVersion) - 1].TimeMs : Frames.IsEmpty ? LastTimeMs : Frames[0].TimeMs;

    /// <summary>Takes in a head, and unpacks its frames: that is the check of these.</summary>
    /// <param name="context">The database.</param>
    /// <param name="key">The object.</param>
    /// <param name="head">What it holds.</param>
    /// <param name="findings">Where a frame that does not unpack is told; the versions before it can be read.</param>
    /// <param name="owner">The database in whose folder its segments lie.</param>
    /// <param name="snapshot">The snapshot's name, if it is a pin of one.</param>
    public static VersionSource Of(DatabaseContext context, string key, Head head, Findings findings, string? owner = null, string? snapshot = null)
    {
        var frames = ImmutableArray.CreateBuilder<FrameOutline>(head.Frames.Length);
        foreach (var frame in head.Frames)
        {
            try
            {
                frames.Add(new FrameOutline(frame.Version, frame.TimeMs, frame.PageCount, FrameCodec.Decode(frame, head.PageBytes, key).Pages));
            }
            catch (DatabaseException e)
            {
                findings.Add(e, key, null);
                long good = frame.Version - 1;
                if (good < head.FirstReadableVersion)
                {
                    // There is nothing to be read from it: a version that no frame and no page count says anything of.
                    return new VersionSource(key, head with { Frames = [], Version = good, PageCount = 0 }, [], [], snapshot) { FirstVersion = good + 1 };
                }

                head = PastHead.At(head, good);
                break;
            }
        }

        var keys = owner is null || owner == context.Name ? context.Keys : new DatabaseKeys(owner);
        return new VersionSource(key, head, [.. head.Segments.Select(keys.Segment)], frames.ToImmutable(), snapshot);
    }
}
