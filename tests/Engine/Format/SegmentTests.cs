using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

public sealed class SegmentTests
{
    private const string Key = "app/segments/1";

    public static TheoryData<int, bool, int, bool> Shapes()
    {
        var shapes = new TheoryData<int, bool, int, bool>();
        foreach (int pageBytes in Sample.PageSizes)
        {
            int perBlock = Limits.PagesPerBlock(pageBytes);
            foreach (int images in new[] { 1, 2, perBlock, perBlock + 1, 3 * perBlock - 1 }.Distinct())
            {
                shapes.Add(pageBytes, true, images, false);
                shapes.Add(pageBytes, false, images, false);
                shapes.Add(pageBytes, false, images, true);
            }
        }

        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_segment_comes_back_as_it_was(int pageBytes, bool dense, int images, bool noise)
    {
        var sample = new Sample((ulong)(pageBytes * 31 + images));
        var kind = dense ? SegmentKind.Dense : SegmentKind.Sparse;
        var id = new SegmentId(sample.Id());
        var databaseId = sample.Guid();
        var builder = new SegmentBuilder(id, databaseId, pageBytes, kind, 4);
        List<(uint Page, byte[] Image)> added = [];
        uint page = 1 + (uint)sample.Below(1000);
        for (int i = 0; i < images; i++, page += dense ? 1 : 1 + (uint)sample.Below(1 << 20))
        {
            added.Add((page, sample.Images(1, pageBytes, noise)));
            builder.Add(page, added[^1].Image);
        }

        (long, CommitRecord)[] commits =
        [
            (5, new CommitRecord(new CommitId(sample.Id()), 0)),
            (6, new CommitRecord(new CommitId(sample.Id()), Limits.MaxTimeMs)),
            (1L << 40, new CommitRecord(new CommitId(sample.Id()), Sample.TimeMs)),
        ];
        var made = builder.Finish(5, 1L << 40, 77, commits);

        Assert.Equal((long)images * pageBytes, builder.RawBytes);
        Assert.Equal(made.Content.Length, builder.EncodedBytes);
        var (header, read) = SegmentIndex.ReadObject(made.Content, Key);
        Assert.Equal(new SegmentHeader(pageBytes, id, databaseId), header);
        var stored = made.Content.Slice((int)made.Entry.IndexOffset, made.Entry.IndexBytes);
        Assert.Equal(stored.Length <= Limits.MaxInlineIndexBytes ? stored.ToArray() : [], made.Entry.InlineIndex.ToArray());
        Assert.Equal(
            (id, kind, added[0].Page, added[^1].Page, (uint)images, 5L, 1L << 40, 77ul, (long)made.Content.Length),
            (made.Entry.Id, made.Entry.Kind, made.Entry.FirstPage, made.Entry.LastPage, made.Entry.Images, made.Entry.MinVersion,
                made.Entry.MaxVersion, made.Entry.CollectionEpoch, made.Entry.ObjectBytes));
        foreach (var index in new[] { made.Index, read, SegmentIndex.Decode(stored, made.Entry, Key) })
        {
            AssertHolds(index, made.Content, pageBytes, added);
            Assert.Equal(commits, index.Commits);
            Assert.Equal(dense ? [] : added.Select(a => a.Page).ToArray(), index.SparsePages.ToArray());
            Assert.Equal((5L, 1L << 40, kind), (index.MinVersion, index.MaxVersion, index.Kind));
        }
    }

    [Fact]
    public void Random_segments_come_back_as_they_were()
    {
        for (ulong seed = 1; seed <= 100; seed++)
        {
            var sample = new Sample(seed);
            A_segment_comes_back_as_it_was(
                Sample.PageSizes[sample.Below(5)], dense: sample.Below(2) == 0, images: 1 + sample.Below(60), noise: sample.Below(4) == 0);
        }
    }

    [Fact]
    public void A_segment_of_commits_without_pages_is_possible()
    {
        var made = new SegmentBuilder(default, default, 4096, SegmentKind.Sparse)
            .Finish(3, 4, 0, [(4, new CommitRecord(default, 1))]);

        var (_, index) = SegmentIndex.ReadObject(made.Content, Key);

        Assert.Equal((0, 0u), (index.BlockCount, index.Images));
        Assert.False(index.TryFind(0, out _, out _));
        Assert.False(index.TryFind(1, out _, out _));
        Assert.Single(index.Commits);
    }

    [Fact]
    public void A_large_segment_grows_and_its_index_stays_out_of_the_head()
    {
        var made = new Sample(3).Segment(SegmentKind.Dense, 512, 1, 60_000, 1, 1, noise: true);

        Assert.True(made.Entry.InlineIndex.IsEmpty);
        Assert.True(made.Entry.IndexBytes > Limits.MaxInlineIndexBytes);
        Assert.Equal(60_000 / 128 + 1, SegmentIndex.ReadObject(made.Content, Key).Index.BlockCount);
    }

    [Fact]
    public void Images_out_of_order_are_refused()
    {
        byte[] image = new byte[512];
        var dense = new SegmentBuilder(default, default, 512, SegmentKind.Dense);
        Assert.Throws<ArgumentException>(() => dense.Add(0, image));
        dense.Add(5, image);
        Assert.Throws<ArgumentException>(() => dense.Add(5, image));
        Assert.Throws<ArgumentException>(() => dense.Add(7, image));
        Assert.Throws<ArgumentException>(() => dense.Add(6, new byte[511]));
        var sparse = new SegmentBuilder(default, default, 512, SegmentKind.Sparse);
        sparse.Add(5, image);
        Assert.Throws<ArgumentException>(() => sparse.Add(5, image));
        Assert.Throws<ArgumentException>(() => sparse.Add(4, image));
        Assert.Throws<ArgumentException>(() => sparse.Add(uint.MaxValue, image));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SegmentBuilder(default, default, 1000, SegmentKind.Dense));
    }

    [Fact]
    public void Commits_out_of_order_are_refused()
    {
        var commit = new CommitRecord(default, 1);
        Assert.Throws<ArgumentException>(() => Finish(3, 2));
        Assert.Throws<ArgumentException>(() => Finish(0, 2));
        Assert.Throws<ArgumentException>(() => Finish(2, 4, (1, commit)));
        Assert.Throws<ArgumentException>(() => Finish(2, 4, (5, commit)));
        Assert.Throws<ArgumentException>(() => Finish(2, 4, (3, commit), (3, commit)));
        Assert.Throws<ArgumentException>(() => Finish(2, 4, (3, new CommitRecord(default, -1))));

        static void Finish(long min, long max, params (long, CommitRecord)[] commits)
        {
            var builder = new SegmentBuilder(default, default, 512, SegmentKind.Sparse);
            builder.Add(1, new byte[512]);
            builder.Finish(min, max, 0, commits);
        }
    }

    [Fact]
    public void A_finished_builder_is_used_up()
    {
        var builder = new SegmentBuilder(default, default, 512, SegmentKind.Dense);
        builder.Add(1, new byte[512]);
        builder.Finish(1, 1, 0, []);

        Assert.Throws<InvalidOperationException>(() => builder.Add(2, new byte[512]));
        Assert.Throws<InvalidOperationException>(() => builder.Finish(1, 1, 0, []));
    }

    private static void AssertHolds(SegmentIndex index, ReadOnlyMemory<byte> content, int pageBytes, List<(uint Page, byte[] Image)> added)
    {
        int ordinal = 0;
        for (int b = 0; b < index.BlockCount; b++)
        {
            var location = index.Block(b);
            Assert.Equal(ordinal, location.FirstOrdinal);
            byte[] raw = new byte[location.Images * pageBytes];
            SegmentIndex.DecodeBlock(content.Span.Slice((int)location.Offset, location.StoredBytes), location, raw, Key);
            for (int slot = 0; slot < location.Images; slot++, ordinal++)
            {
                Assert.Equal(added[ordinal].Page, index.PageAt(ordinal));
                Assert.True(index.TryFind(added[ordinal].Page, out int block, out int foundSlot));
                Assert.Equal((b, slot), (block, foundSlot));
                Assert.True(raw.AsSpan(slot * pageBytes, pageBytes).SequenceEqual(added[ordinal].Image));
            }
        }

        Assert.Equal(added.Count, ordinal);
        var present = added.Select(a => a.Page).ToHashSet();
        foreach (uint page in added.SelectMany(a => new[] { a.Page - 1, a.Page + 1 }).Append(0u).Append(uint.MaxValue))
        {
            Assert.Equal(present.Contains(page), index.TryFind(page, out _, out _));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => index.PageAt(added.Count));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.PageAt(-1));
    }
}
