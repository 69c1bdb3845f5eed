using System.Collections.Immutable;
using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

public sealed class HeadInvariantsTests
{
    /// <summary>Version 26: segments of the versions 11 to 20 and 1 to 10, and the frames of the last six commits, four of them listed.</summary>
    private static readonly Head Valid = new Sample(1).Head(4096, 2, 6, 4);

    /// <summary>The same with a history: four checkpoints, up to the versions 5, 10, 15 and 20; the second segment lies in "other".</summary>
    private static readonly Head Long = new Sample(1).HeadWithHistory(4096, 2, 6, 4, 4);

    [Fact]
    public void A_valid_head_passes()
    {
        Assert.Null(HeadCodec.Check(Valid));
        Assert.Null(HeadCodec.Check(Valid with { Recent = [] }));
        Assert.Null(HeadCodec.Check(new Sample(1).Head(4096, 0, 0, 0)));
    }

    [Theory]
    [InlineData("state", "the state 3 is unknown")]
    [InlineData("negative version", "the version -1 is out of range")]
    [InlineData("huge version", "is out of range")]
    [InlineData("negative time", "the time -1 is out of range")]
    [InlineData("late time", "is out of range")]
    [InlineData("page size", "there cannot be 1000 pages of 1000 bytes")]
    [InlineData("no page size", "there cannot be 1000 pages of 0 bytes")]
    [InlineData("no pages", "there cannot be 0 pages of 4096 bytes")]
    [InlineData("too many pages", "there cannot be 4294967295 pages")]
    [InlineData("pages before a commit", "there are pages before the first commit")]
    [InlineData("tombstone", "a tombstone holds data")]
    [InlineData("257 recent", "257 recent commits are too many")]
    [InlineData("more recent than versions", "3 recent commits are too many at version 2")]
    [InlineData("recent time", "is out of range")]
    [InlineData("missing list", "a list is missing")]
    [InlineData("segment twice", "is listed twice")]
    [InlineData("segments upside down", "goes up to version 20, but stands behind version 10")]
    [InlineData("segment behind a frame", "goes up to version 20, but stands behind version 19")]
    [InlineData("segment of the future", "goes up to version 20, but stands behind version 19")]
    [InlineData("epoch", "which has not begun")]
    [InlineData("segment entry", "of segment")]
    [InlineData("gap between frames", "the frame of version 22 stands where that of 23 belongs")]
    [InlineData("frames end early", "the frame of version 21 stands where that of 22 belongs")]
    [InlineData("more frames than versions", "6 frames are too many at version 5")]
    [InlineData("frame of another page size", "pages of 8192")]
    [InlineData("frame of another commit", "the frame of version 26 is of another commit than the one listed")]
    [InlineData("frame of another time", "the frame of version 26 is of another commit than the one listed")]
    [InlineData("page count", "the page count is 999, but 1000 in the newest frame")]
    [InlineData("home", "lies in the database 'parent', which is not among its sources")]
    [InlineData("source twice", "the names of the databases that it shares segments with are wrong")]
    [InlineData("source without a name", "the names of the databases that it shares segments with are wrong")]
    [InlineData("base of too many pages", "the page count of the base is out of range")]
    [InlineData("tombstone with a history", "a tombstone has a history")]
    [InlineData("checkpoint of the future", "goes from version 1 to 27, behind which stands 26")]
    [InlineData("checkpoint upside down", "goes from version 9 to 8")]
    [InlineData("gap between checkpoints", "begins at version 12, but the one before it ends at 10")]
    [InlineData("checkpoints out of order", "begins at version 5, but the one before it ends at 20")]
    [InlineData("checkpoint twice", "is listed twice")]
    [InlineData("checkpoint of no size", "the time or the size of checkpoint")]
    [InlineData("checkpoint of a high level", "has the level 9")]
    public void Each_rule_is_checked(string breach, string message)
    {
        var broken = Break(breach);

        Assert.Contains(message, HeadCodec.Check(broken) ?? "(holds)", StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => HeadCodec.Encode(broken));
    }

    [Fact]
    public void A_valid_history_passes()
    {
        Assert.Null(HeadCodec.Check(Long));
        Assert.Equal([5L, 10, 15, 20], Long.History!.Checkpoints.Select(entry => entry.LastVersion));
        Assert.Null(HeadCodec.Check(Valid with { History = new HeadHistory { BasePageCount = null } }));
        Assert.Null(HeadCodec.Check(Tombstone(new HeadHistory { Sources = ["other"] })));
    }

    [Theory]
    [InlineData("source that is not named", "lies in the database 'other', which is not among its sources")]
    [InlineData("no history", "lies in the database 'other', which is not among its sources")]
    [InlineData("source twice", "the names of the databases that it shares segments with are wrong")]
    [InlineData("bad source", "the names of the databases that it shares segments with are wrong")]
    [InlineData("256 sources", "the names of the databases that it shares segments with are wrong")]
    [InlineData("tombstone", "a tombstone has a history")]
    [InlineData("missing list", "a list is missing")]
    [InlineData("late collection", "the time of the last collection")]
    [InlineData("base page count", "the page count of the base is out of range")]
    [InlineData("level", "has the level 9")]
    [InlineData("checkpoint of the future", "goes from version 15 to 27, behind which stands 26")]
    [InlineData("checkpoint upside down", "goes from version 15 to 14")]
    [InlineData("negative version", "goes from version -1 to 5")]
    [InlineData("gap", "begins at version 17, but the one before it ends at 15")]
    [InlineData("upside down", "but the one before it ends at 20")]
    [InlineData("time", "the time or the size of checkpoint")]
    [InlineData("size", "the time or the size of checkpoint")]
    [InlineData("no lists", "the time or the size of checkpoint")]
    [InlineData("lists beyond the object", "the time or the size of checkpoint")]
    [InlineData("checkpoint twice", "is listed twice")]
    public void Each_rule_of_the_history_is_checked(string breach, string message)
    {
        var broken = BreakHistory(breach);

        Assert.Contains(message, HeadCodec.Check(broken) ?? "(holds)", StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => HeadCodec.Encode(broken));
    }

    private static Head BreakHistory(string breach)
    {
        var history = Long.History!;
        var last = history.Checkpoints[^1];
        return breach switch
        {
            "source that is not named" => Long with { History = history with { Sources = ["the-first.of-all"] } },
            "no history" => Long with { History = null },
            "source twice" => Long with { History = history with { Sources = ["other", "other"] } },
            "bad source" => Long with { History = history with { Sources = ["other", "../x"] } },
            "256 sources" => Long with { History = history with { Sources = [.. Enumerable.Range(0, 255).Select(i => $"s{i}"), "other"] } },
            "tombstone" => Tombstone(history),
            "missing list" => Long with { History = history with { Checkpoints = default } },
            "late collection" => Long with { History = history with { CollectedAtMs = Limits.MaxTimeMs + 1 } },
            "base page count" => Long with { History = history with { BasePageCount = uint.MaxValue } },
            "level" => Last(last with { Level = 9 }),
            "checkpoint of the future" => Last(last with { LastVersion = 27 }),
            "checkpoint upside down" => Last(last with { LastVersion = 14 }),
            "negative version" => Long with { History = history with { Checkpoints = [history.Checkpoints[0] with { FirstVersion = -1 }] } },
            "gap" => Last(last with { FirstVersion = 17 }),
            "upside down" => Long with { History = history with { Checkpoints = [.. history.Checkpoints.Reverse()] } },
            "time" => Last(last with { LastTimeMs = -1 }),
            "size" => Last(last with { ObjectBytes = Limits.MaxHeadBytes + 1 }),
            "no lists" => Last(last with { ListBytes = 0 }),
            "lists beyond the object" => Last(last with { ListBytes = last.ObjectBytes + 1 }),
            "checkpoint twice" => Long with { History = history with { Checkpoints = [last, last] } },
            _ => throw new ArgumentOutOfRangeException(nameof(breach)),
        };

        Head Last(CheckpointEntry entry) => Long with { History = history with { Checkpoints = history.Checkpoints.SetItem(3, entry) } };
    }

    private static Head Tombstone(HeadHistory history) =>
        Long with { State = HeadState.Tombstone, Frames = [], Segments = [], PageBytes = 0, PageCount = 0, History = history };

    private static Head Break(string breach)
    {
        var (frames, segments, recent) = (Valid.Frames, Valid.Segments, Valid.Recent);
        var last = recent[^1];
        return breach switch
        {
            "state" => Valid with { State = (HeadState)3 },
            "negative version" => Valid with { Version = -1 },
            "huge version" => Valid with { Version = Limits.MaxVersion + 1 },
            "negative time" => Valid with { TimeMs = -1 },
            "late time" => Valid with { TimeMs = Limits.MaxTimeMs + 1 },
            "page size" => Valid with { PageBytes = 1000 },
            "no page size" => Valid with { PageBytes = 0 },
            "no pages" => Valid with { PageCount = 0 },
            "too many pages" => Valid with { PageCount = uint.MaxValue },
            "pages before a commit" => Valid with { Version = 0, Frames = [], Segments = [], Recent = [] },
            "tombstone" => Valid with { State = HeadState.Tombstone, Frames = [], PageBytes = 0, PageCount = 0 },
            "257 recent" => Valid with { Version = 1000, Recent = [.. Enumerable.Repeat(last, 257)], Frames = [] },
            "more recent than versions" => Valid with { Version = 2, Recent = recent[..3], Frames = [], Segments = [] },
            "recent time" => Valid with { Recent = [last with { TimeMs = -1 }], Frames = [] },
            "missing list" => Valid with { Segments = default },
            "segment twice" => Valid with { Segments = [segments[0], segments[0]] },
            "segments upside down" => Valid with { Segments = [segments[1], segments[0]] },
            "segment behind a frame" => Valid with { Version = 25, Frames = Renumbered(20), Recent = [] },
            "segment of the future" => Valid with { Version = 19, Frames = [], Recent = [] },
            "epoch" => Valid with { CollectionEpoch = 0 },
            "segment entry" => Valid with { Segments = [segments[0] with { MinVersion = 0 }] },
            "gap between frames" => Valid with { Frames = frames.RemoveAt(2).Insert(2, frames[1]) },
            "frames end early" => Valid with { Frames = frames[..^1] },
            "more frames than versions" => Valid with { Version = 5, Segments = [], Recent = [] },
            "frame of another page size" => Valid with { PageBytes = 8192, Segments = [] },
            "frame of another commit" => Valid with { Recent = recent.SetItem(3, last with { Id = default }) },
            "frame of another time" => Valid with { Recent = recent.SetItem(3, last with { TimeMs = 0 }) },
            "page count" => Valid with { PageCount = 999 },
            "home" => Valid with { Segments = [segments[0] with { Home = "parent" }, segments[1]], History = new HeadHistory() },
            "source twice" => Valid with { History = new HeadHistory { Sources = ["a", "a"] } },
            "source without a name" => Valid with { History = new HeadHistory { Sources = [""] } },
            "base of too many pages" => Valid with { History = new HeadHistory { BasePageCount = uint.MaxValue } },
            "tombstone with a history" => Valid with
            {
                State = HeadState.Tombstone,
                Frames = [],
                Segments = [],
                PageBytes = 0,
                PageCount = 0,
                History = new HeadHistory { Checkpoints = [Saved(1, 1, 9)] },
            },
            "checkpoint of the future" => With(Saved(1, 1, 27)),
            "checkpoint upside down" => With(Saved(1, 9, 8)),
            "gap between checkpoints" => With(Saved(1, 1, 10), Saved(2, 12, 20)),
            "checkpoints out of order" => With(Saved(1, 1, 20), Saved(2, 5, 10)),
            "checkpoint twice" => With(Saved(1, 1, 10), Saved(1, 10, 20)),
            "checkpoint of no size" => With(Saved(1, 1, 10) with { ListBytes = 0 }),
            "checkpoint of a high level" => With(Saved(1, 1, 10) with { Level = 9 }),
            _ => throw new ArgumentOutOfRangeException(nameof(breach)),
        };
    }

    private static Head With(params CheckpointEntry[] checkpoints) => Valid with { History = new HeadHistory { Checkpoints = [.. checkpoints] } };

    private static CheckpointEntry Saved(int id, long first, long last) => new()
    {
        Level = 0,
        Id = new CheckpointId((UInt128)id),
        FirstVersion = first,
        LastVersion = last,
        LastTimeMs = Sample.TimeMs,
        ObjectBytes = 1000,
        ListBytes = 500,
    };

    private static ImmutableArray<EncodedFrame> Renumbered(long first) =>
        [.. Valid.Frames.Select((_, i) => new Sample(9).Frame(first + i, Valid.PageCount, Valid.PageBytes, 1))];
}
