using System.Buffers.Binary;
using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

/// <summary>Parts that are whole, but belong elsewhere.</summary>
public sealed class ForeignPartsTests
{
    [Fact]
    public void Blocks_pass_under_no_other_segments_index()
    {
        // The same images under two ids: indexes of the same shape, blocks of the same bytes. Only the id tells.
        var one = TwoEqualBlocks(1);
        var other = TwoEqualBlocks(2);
        var location = SegmentIndex.Decode(other.Entry.InlineIndex, one.Entry, Refusal.Key).Block(0);
        byte[] stored = Block(one, 0);
        Assert.Equal(stored, Block(other, 0));
        Decode(stored, one.Index.Block(0));
        Decode(stored, other.Index.Block(0));

        Refusal.Expect(() => Decode(stored, location), stored.Length, 65536, "a block under another segment's index");
    }

    [Fact]
    public void Blocks_pass_in_no_other_place_of_their_segment()
    {
        // Two blocks of the same bytes, listed the wrong way around: only the place tells.
        var made = TwoEqualBlocks(1);
        byte[] index = made.Entry.InlineIndex.ToArray();
        int record = (index.Length - 27 - 1 - 4) / 2;
        var (first, second) = (index.AsMemory(27, record), index.AsMemory(27 + record, record));
        byte[] kept = first.ToArray();
        second.CopyTo(first);
        kept.CopyTo(second);
        BinaryPrimitives.WriteUInt32LittleEndian(index.AsSpan(index.Length - 4), Crc32C.Compute(index.AsSpan(0, index.Length - 4)));
        var location = SegmentIndex.Decode(index, made.Entry, Refusal.Key).Block(0);
        byte[] stored = Block(made, 0);
        Assert.Equal(stored, Block(made, 1));

        Refusal.Expect(() => Decode(stored, location), stored.Length, 65536, "a block of another place");
    }

    [Theory]
    [InlineData("kind")]
    [InlineData("first page")]
    [InlineData("last page")]
    [InlineData("images")]
    [InlineData("pages per block")]
    [InlineData("first version")]
    [InlineData("last version")]
    [InlineData("index offset")]
    [InlineData("index size")]
    public void An_index_passes_only_for_the_entry_that_it_belongs_to(string difference)
    {
        var entry = new Sample(1).Segment(SegmentKind.Sparse, 4096, 5, 20, 3, 9, commits: 2).Entry;
        SegmentIndex.Decode(entry.InlineIndex, entry, Refusal.Key);

        var other = difference switch
        {
            "kind" => entry with { Kind = SegmentKind.Dense },
            "first page" => entry with { FirstPage = 4 },
            "last page" => entry with { LastPage = entry.LastPage + 1 },
            "images" => entry with { Images = 19 },
            "pages per block" => entry with { PagesPerBlock = 8 },
            "first version" => entry with { MinVersion = 2 },
            "last version" => entry with { MaxVersion = 10 },
            "index offset" => entry with { IndexOffset = entry.IndexOffset + 1 },
            "index size" => entry with { IndexBytes = entry.IndexBytes + 1 },
            _ => throw new ArgumentOutOfRangeException(nameof(difference)),
        };

        Refusal.Expect(() => SegmentIndex.Decode(entry.InlineIndex, other, Refusal.Key), entry.IndexBytes, 0, difference);
    }

    [Fact]
    public void A_frame_passes_in_no_other_head()
    {
        var sample = new Sample(2);
        byte[] content = HeadCodec.Encode(sample.Head(512, 0, 2, 2));
        var head = HeadCodec.Decode(content, Refusal.Key);
        int length = head.Frames[1].Bytes.Length;

        // Another attempt at the same version, of the same size: only its id tells.
        var rival = FrameCodec.Decode(head.Frames[1], 512, Refusal.Key);
        var frame = FrameCodec.Encode(2, new CommitId(sample.Id()), head.Frames[1].TimeMs, 1000, 512, rival.Pages, rival.Images);
        Assert.Equal(length, frame.Bytes.Length);
        frame.Bytes.CopyTo(content.AsMemory(content.Length - length));

        Refusal.Expect(() => HeadCodec.Decode(content, Refusal.Key), content.Length, 0, "a frame of another attempt");
    }

    private static SegmentObject TwoEqualBlocks(ulong id)
    {
        var builder = new SegmentBuilder(new SegmentId(id), default, 65536, SegmentKind.Dense);
        builder.Add(1, new byte[65536]);
        builder.Add(2, new byte[65536]);
        return builder.Finish(1, 1, 0, []);
    }

    private static byte[] Block(SegmentObject made, int block)
    {
        var location = made.Index.Block(block);
        return made.Content.Slice((int)location.Offset, location.StoredBytes).ToArray();
    }

    private static byte[] Decode(byte[] stored, BlockLocation location)
    {
        byte[] raw = new byte[65536];
        SegmentIndex.DecodeBlock(stored, location, raw, Refusal.Key);
        return raw;
    }
}
