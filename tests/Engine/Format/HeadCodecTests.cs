using System.Collections.Immutable;
using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

public sealed class HeadCodecTests
{
    private const string Key = "app/head";

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 0, 1)]
    [InlineData(0, 1, 0)]
    [InlineData(1, 0, 0)]
    [InlineData(3, 5, 2)]
    [InlineData(2, 5, 20)]
    [InlineData(60, 20, 256)]
    [InlineData(0, 300, 256)]
    public void A_head_comes_back_as_it_was(int segments, int frames, int recent)
    {
        // Hundreds of frames of the largest pages are more than a head holds.
        foreach (int pageBytes in Sample.PageSizes.Where(size => segments + frames < 50 || size <= 2048))
        {
            var head = new Sample((ulong)pageBytes).Head(pageBytes, segments, frames, recent);

            var read = HeadCodec.Decode(HeadCodec.Encode(head), Key);

            AssertSame(head, read);
            Assert.True(HeadCodec.Encode(read).AsSpan().SequenceEqual(HeadCodec.Encode(head)));
        }
    }

    [Fact]
    public void Random_heads_come_back_as_they_were()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            var sample = new Sample(seed);
            int pageBytes = Sample.PageSizes[sample.Below(8)];
            var head = sample.Head(pageBytes, sample.Below(4), sample.Below(8), sample.Below(12), sample.Below(5)) with
            {
                CollectionEpoch = sample.Next() | 1,
                TimeMs = (long)(sample.Next() % (ulong)Limits.MaxTimeMs),
            };

            AssertSame(head, HeadCodec.Decode(HeadCodec.Encode(head), $"seed {seed}"));
        }
    }

    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(0, 2, 2, 0)]
    [InlineData(4, 2, 4, 3)]
    [InlineData(1, 0, 3, 12)]
    public void A_head_with_a_history_comes_back_as_it_was(int segments, int frames, int recent, int checkpoints)
    {
        var head = new Sample(15).HeadWithHistory(1024, segments, frames, recent, checkpoints);

        byte[] bytes = HeadCodec.Encode(head);
        var read = HeadCodec.Decode(bytes, Key);

        AssertSame(head, read);
        Assert.Equal(head.Segments.Select(entry => entry.Home), read.Segments.Select(entry => entry.Home));
        Assert.True(HeadCodec.Encode(read).AsSpan().SequenceEqual(bytes));
        Assert.Equal(read.Segments.Select(WithoutIndex), HeadCodec.DecodeSegments(bytes.AsMemory(0, (int)HeadCodec.ListBytes(head)), Key).Select(WithoutIndex));
        Assert.Equal(ErrorCodes.Damaged, Assert.Throws<DatabaseException>(() => HeadCodec.DecodeSegments(bytes.AsMemory(0, (int)HeadCodec.ListBytes(head) - 1), Key)).Code);
    }

    /// <summary>A head of the first format version stays one until a commit gives it a history.</summary>
    [Fact]
    public void A_head_without_a_history_is_of_the_first_format_version()
    {
        var head = new Sample(16).Head(4096, 1, 1, 1);
        Assert.Equal((1, 2), (HeadCodec.Encode(head)[8], HeadCodec.Encode(head with { History = new HeadHistory() })[8]));
        Assert.Null(HeadCodec.Decode(HeadCodec.Encode(head), Key).History);
    }

    [Fact]
    public void A_tombstone_comes_back_as_it_was()
    {
        var live = new Sample(5).Head(4096, 0, 3, 3);
        var tombstone = live with { State = HeadState.Tombstone, PageBytes = 0, PageCount = 0, Frames = [] };

        AssertSame(tombstone, HeadCodec.Decode(HeadCodec.Encode(tombstone), Key));
    }

    [Fact]
    public void Frames_are_carried_on_without_a_copy()
    {
        byte[] content = HeadCodec.Encode(new Sample(6).Head(4096, 2, 3, 3));

        var read = HeadCodec.Decode(content, Key);

        Assert.All(read.Frames, frame => Assert.True(content.AsSpan().Overlaps(frame.Bytes.Span)));
        Assert.All(read.Segments, entry => Assert.True(content.AsSpan().Overlaps(entry.InlineIndex.Span)));
    }

    [Fact]
    public void Commits_are_found_by_version()
    {
        var head = new Sample(7).Head(4096, 1, 2, 4);

        Assert.Equal(14, head.Version);
        Assert.Equal(13, head.FirstFrameVersion);
        Assert.Equal(head.Recent[0].Id, head.CommitOf(11));
        Assert.Equal(head.Frames[^1].Id, head.CommitOf(14));
        Assert.Null(head.CommitOf(10));
        Assert.Null(head.CommitOf(15));
        Assert.Equal(15, (head with { Frames = [] }).FirstFrameVersion);
    }

    [Fact]
    public void A_head_that_is_too_large_is_refused()
    {
        var frames = Enumerable.Range(1, 3).Select(i => new Sample(8).Frame(i, 256, 65536, 200, noise: true)).ToImmutableArray();
        var head = new Sample(9).Head(65536, 0, 0, 3) with { Frames = frames, PageCount = 256, Recent = [] };

        Assert.Null(HeadCodec.Check(head));
        Assert.Throws<InvalidOperationException>(() => HeadCodec.Encode(head));
        var refused = Assert.Throws<DatabaseException>(() => HeadCodec.Decode(new byte[Limits.MaxHeadBytes + 1], Key));
        Assert.Equal((ErrorKind.Corrupt, ErrorCodes.Damaged, Key), (refused.Kind, refused.Code, refused.Object));
    }

    internal static void AssertSame(Head expected, Head actual)
    {
        Assert.Equal(
            expected with { Recent = [], Segments = [], Frames = [], History = null }, actual with { Recent = [], Segments = [], Frames = [], History = null });
        Assert.Equal(expected.History is null, actual.History is null);
        if (expected.History is { } history)
        {
            Assert.Equal(history with { Checkpoints = [], Sources = [] }, actual.History! with { Checkpoints = [], Sources = [] });
            Assert.Equal(history.Checkpoints.AsEnumerable(), actual.History.Checkpoints);
            Assert.Equal(history.Sources.AsEnumerable(), actual.History.Sources);
        }

        Assert.Equal(expected.Recent.AsEnumerable(), actual.Recent);
        Assert.Equal(expected.Segments.Select(WithoutIndex), actual.Segments.Select(WithoutIndex));
        Assert.Equal(expected.Segments.Select(e => e.InlineIndex.ToArray()), actual.Segments.Select(e => e.InlineIndex.ToArray()));
        Assert.Equal(expected.Frames.Select(Fields), actual.Frames.Select(Fields));
        Assert.Equal(expected.Frames.Select(f => f.Bytes.ToArray()), actual.Frames.Select(f => f.Bytes.ToArray()));
    }

    private static SegmentEntry WithoutIndex(SegmentEntry entry) => entry with { InlineIndex = default };

    private static (long, CommitId, long, uint, int, int) Fields(EncodedFrame frame) =>
        (frame.Version, frame.Id, frame.TimeMs, frame.PageCount, frame.Images, frame.RawBytes);
}
