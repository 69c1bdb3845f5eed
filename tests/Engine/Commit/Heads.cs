using OrleansSqlite.Format;
using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.Commit;

/// <summary>Heads to break.</summary>
internal static class Heads
{
    private static readonly Sample Source = new(5);

    /// <summary>A head of version 16, under the collection epoch 2: one segment up to version 10, six frames.</summary>
    public static Head Below() => Source.Head(4096, 1, 6, 4) with { CollectionEpoch = 2 };

    /// <summary>A commit on top of it.</summary>
    public static Head After(Head below)
    {
        var frame = Source.Frame(below.Version + 1, below.PageCount, below.PageBytes, 1);
        return below with
        {
            Version = frame.Version,
            SwapId = frame.Id,
            TimeMs = frame.TimeMs,
            Recent = [.. below.Recent, new CommitRecord(frame.Id, frame.TimeMs)],
            Frames = [.. below.Frames, frame],
        };
    }

    /// <summary>A segment of the versions 1 to 10, uploaded under that epoch.</summary>
    public static SegmentEntry Segment(ulong epoch) => Source.Segment(SegmentKind.Dense, 4096, 1, 3, 1, 10, epoch: epoch).Entry;

    /// <summary>The same head, but its newest commit is another one.</summary>
    public static Head Recommitted(Head head, CommitId id)
    {
        var last = head.Frames[^1];
        var pages = FrameCodec.Decode(last, head.PageBytes, "head");
        var frame = FrameCodec.Encode(last.Version, id, last.TimeMs, last.PageCount, head.PageBytes, pages.Pages, pages.Images);
        return head with
        {
            SwapId = id,
            Recent = [.. head.Recent[..^1], new CommitRecord(id, last.TimeMs)],
            Frames = [.. head.Frames[..^1], frame],
        };
    }
}
