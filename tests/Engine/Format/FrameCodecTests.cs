using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

public sealed class FrameCodecTests
{
    private const string Key = "app/head";

    public static TheoryData<int, int, bool> Shapes()
    {
        var shapes = new TheoryData<int, int, bool>();
        foreach (int pageBytes in Sample.PageSizes)
        {
            foreach (int images in new[] { 0, 1, 2, 3, 17, 100 })
            {
                shapes.Add(pageBytes, images, false);
                shapes.Add(pageBytes, images, true);
            }
        }

        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_frame_comes_back_as_it_was(int pageBytes, int images, bool noise)
    {
        var sample = new Sample((ulong)(pageBytes + images));
        uint pageCount = images == 0 ? 0 : 200u + (uint)sample.Below(1 << 30);
        uint[] pages = sample.Pages(images, Math.Max(1, pageCount));
        byte[] raw = sample.Images(images, pageBytes, noise);
        var id = new CommitId(sample.Id());

        var frame = FrameCodec.Encode(7, id, Sample.TimeMs, pageCount, pageBytes, pages, raw);
        byte[] followed = [.. frame.Bytes.Span, 1, 2, 3];
        var read = FrameCodec.Read(followed, pageBytes, Key);
        var decoded = FrameCodec.Decode(read, pageBytes, Key);

        Assert.Equal((7, id, Sample.TimeMs, pageCount, images, raw.Length),
            (read.Version, read.Id, read.TimeMs, read.PageCount, read.Images, read.RawBytes));
        Assert.Equal((7, id, Sample.TimeMs, pageCount, images, raw.Length),
            (frame.Version, frame.Id, frame.TimeMs, frame.PageCount, frame.Images, frame.RawBytes));
        Assert.True(read.Bytes.Span.SequenceEqual(frame.Bytes.Span));
        Assert.Equal(pages, decoded.Pages);
        Assert.True(decoded.Images.AsSpan().SequenceEqual(raw));
        Assert.True(frame.Bytes.Length <= FrameCodec.MinBytes + 5 * images + raw.Length, "packing never makes a frame larger");
        if (!noise && images > 0)
        {
            Assert.True(frame.Bytes.Length < raw.Length, "pages of text become smaller");
        }
    }

    [Fact]
    public void Names_of_tables_come_back_in_their_order_each_once()
    {
        Assert.Null(FrameCodec.Tables(Named(null), 512, Key));
        Assert.Equal([], FrameCodec.Tables(Named(TableNames.TryEncode([])), 512, Key)!);
        var frame = Named(TableNames.TryEncode(["z", "a", "ä", "Z", "a"]));
        Assert.Equal(["Z", "a", "z", "ä"], FrameCodec.Tables(frame, 512, Key)!);
        Assert.Equal([3u, 7u], FrameCodec.Decode(FrameCodec.Read(frame.Bytes, 512, Key), 512, Key).Pages);

        Assert.Null(TableNames.TryEncode(Enumerable.Range(0, TableNames.MaxNames + 1).Select(i => $"t{i}")));
        Assert.Null(TableNames.TryEncode([new string('x', TableNames.MaxBytes)]));
        Assert.NotNull(TableNames.TryEncode(Enumerable.Range(0, TableNames.MaxNames).Select(i => $"t{i}")));
    }

    [Theory]
    [InlineData(65, "too many names")]
    [InlineData(1, 0, "too short")]
    [InlineData(2, 1, 'b', 1, 'a', "do not ascend")]
    [InlineData(2, 1, 'a', 1, 'a', "do not ascend")]
    [InlineData(1, 1, 0xFF, "no text")]
    [InlineData(1, 120, 'a', "")] // Longer than the frame.
    [InlineData(1, 3, 'a', "take the place of page numbers")]
    public void Names_of_tables_that_are_none_are_damage(params object[] list)
    {
        byte[] bytes = [.. list.SkipLast(1).Select(Convert.ToByte)];
        var frame = Named(bytes, images: 2);
        var error = Assert.Throws<DatabaseException>(() => FrameCodec.Read(frame.Bytes, 512, Key));
        Assert.Equal(ErrorKind.Corrupt, error.Kind);
        Assert.Contains((string)list[^1], error.Message, StringComparison.Ordinal);
    }

    private static EncodedFrame Named(byte[]? tables, int images = 2) =>
        FrameCodec.Encode(7, default, Sample.TimeMs, 9, 512, images == 0 ? [] : [3, 7], new Sample(1).Images(images, 512, noise: true), tables);

    [Fact]
    public void Random_frames_come_back_as_they_were()
    {
        for (int seed = 1; seed <= 300; seed++)
        {
            var sample = new Sample((ulong)seed);
            A_frame_comes_back_as_it_was(Sample.PageSizes[sample.Below(6)], images: sample.Below(60), noise: sample.Below(4) == 0);
        }
    }

    [Fact]
    public void Ids_are_written_as_32_digits()
    {
        Assert.Equal("0000000000000000000000000000abcd", new CommitId(0xabcd).ToString());
        Assert.Equal("ffffffffffffffffffffffffffffffff", new SegmentId(UInt128.MaxValue).ToString());
    }

    [Fact]
    public void The_highest_page_numbers_fit()
    {
        uint[] pages = [1, 2, 0x7FFF_FFFF, Limits.MaxPageCount];
        byte[] raw = new Sample(1).Images(4, 512);

        var frame = FrameCodec.Encode(Limits.MaxVersion, default, Limits.MaxTimeMs, Limits.MaxPageCount, 512, pages, raw);

        Assert.Equal(pages, FrameCodec.Decode(frame, 512, Key).Pages);
    }

    [Fact]
    public void The_largest_frame_fits_and_a_larger_one_is_refused()
    {
        uint[] pages = [.. Enumerable.Range(1, 257).Select(i => (uint)i)];
        byte[] raw = new byte[257 * 65536];

        var largest = FrameCodec.Encode(1, default, 0, 257, 65536, pages.AsSpan(0, 256), raw.AsSpan(0, 256 * 65536));

        Assert.Equal(Limits.MaxFrameRawBytes, FrameCodec.Decode(largest, 65536, Key).Images.Length);
        Assert.Throws<InvalidOperationException>(() => FrameCodec.Encode(1, default, 0, 257, 65536, pages, raw));
    }

    [Fact]
    public void Arguments_that_do_not_fit_together_are_refused()
    {
        byte[] two = new byte[1024];
        Assert.Throws<ArgumentException>(() => FrameCodec.Encode(0, default, 0, 9, 512, [1, 2], two));
        Assert.Throws<ArgumentException>(() => FrameCodec.Encode(1, default, -1, 9, 512, [1, 2], two));
        Assert.Throws<ArgumentException>(() => FrameCodec.Encode(1, default, 0, uint.MaxValue, 512, [1, 2], two));
        Assert.Throws<ArgumentException>(() => FrameCodec.Encode(1, default, 0, 9, 500, [1, 2], two));
        Assert.Throws<ArgumentException>(() => FrameCodec.Encode(1, default, 0, 9, 512, [1], two));
        Assert.Throws<ArgumentException>(() => FrameCodec.Encode(1, default, 0, 9, 512, [0, 2], two));
        Assert.Throws<ArgumentException>(() => FrameCodec.Encode(1, default, 0, 9, 512, [2, 2], two));
        Assert.Throws<ArgumentException>(() => FrameCodec.Encode(1, default, 0, 9, 512, [3, 2], two));
        Assert.Throws<ArgumentException>(() => FrameCodec.Encode(1, default, 0, 1, 512, [1, 2], two));
    }
}
