using OrleansSqlite.Format;

namespace OrleansSqlite.TimeTravel;

/// <summary>An earlier version as a head of its own: a saved head without what came later.</summary>
internal static class PastHead
{
    /// <summary>The head as it was at a version that it still has.</summary>
    public static Head At(Head saved, long version)
    {
        if (version == saved.Version)
        {
            return saved;
        }

        int frames = (int)(version - saved.FirstFrameVersion + 1);
        int recent = (int)Math.Max(0, saved.Recent.Length - (saved.Version - version));
        uint pageCount = frames > 0 ? saved.Frames[frames - 1].PageCount : saved.History!.BasePageCount!.Value;
        var past = saved with
        {
            Version = version,
            PageCount = pageCount,
            PageBytes = pageCount == 0 && version == 0 ? 0 : saved.PageBytes,
            Frames = saved.Frames[..frames],
            Recent = saved.Recent[..recent],

            // Those may be of later versions; and what it goes back to itself is the newest head's to say.
            History = saved.History is null ? null : saved.History with { Checkpoints = [] },
        };
        return past with { TimeMs = TimeOf(past) };
    }

    /// <summary>The newest version in a head that was committed at a time or before; null if all are later. (Version 0 was never committed.)</summary>
    public static Head? AtTime(Head saved, long timeMs)
    {
        for (long version = saved.Version; version >= Math.Max(1, saved.FirstReadableVersion); version--)
        {
            var past = At(saved, version);
            if (TimeOf(past) <= timeMs)
            {
                return past;
            }
        }

        return null;
    }

    /// <summary>When the newest version of a head was committed.</summary>
    public static long TimeOf(Head head) => head.Frames.IsEmpty ? head.CommittedAtMs : head.Frames[^1].TimeMs;
}
