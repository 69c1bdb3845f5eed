using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

/// <summary>Indexes with right checksums that no writer makes, each wrong in one place, in segments that are otherwise right.</summary>
public sealed class HandmadeIndexTests
{
    [Fact]
    public void The_pattern_of_the_others_is_read()
    {
        var index = Read(new Fields());

        Assert.Equal([5u, 7u, 8u], index.SparsePages.ToArray());
        Assert.Equal((52L, 152L, 2), (index.Block(0).Offset, index.Block(1).Offset, index.BlockCount));
        Assert.Equal([3L, 9L], index.Commits.Select(c => c.Version));
    }

    [Theory]
    [InlineData("no pages per block", "there cannot be 0 pages in a block")]
    [InlineData("three pages per block", "there cannot be 3 pages in a block")]
    [InlineData("too many images", "images are too many")]
    [InlineData("blocks too large for the pages", "64 pages of 4096 bytes are too large for a block")]
    [InlineData("version 0", "the versions 0 to 9 are out of order")]
    [InlineData("versions upside down", "the versions 10 to 9 are out of order")]
    [InlineData("pages from 0", "the pages 0 to 3 are out of order")]
    [InlineData("pages beyond the last", "the page numbers do not ascend")]
    [InlineData("first page beyond the last", "the page numbers do not ascend")]
    [InlineData("page twice", "the page numbers do not ascend")]
    [InlineData("missing pages", "the page numbers end too early")]
    [InlineData("missing blocks", "the list of blocks ends too early")]
    [InlineData("empty block", "the size of block 1 is wrong")]
    [InlineData("large block", "the size of block 1 is wrong")]
    [InlineData("blocks too short", "the blocks do not end where the index begins")]
    [InlineData("blocks too long", "the blocks do not end where the index begins")]
    [InlineData("missing commits", "the number of commits is wrong")]
    [InlineData("too many commits", "the number of commits is wrong")]
    [InlineData("version twice", "the versions of the commits do not ascend")]
    [InlineData("version beyond the last", "the versions of the commits do not ascend, or pass the last one")]
    [InlineData("time of a commit", "the time of a commit is out of range")]
    [InlineData("more bytes", "bytes follow its end")]
    public void Each_fault_is_refused_with_little_memory(string fault, string message)
    {
        var fields = new Fields();
        switch (fault)
        {
            case "no pages per block": fields.PagesPerBlock = 0; break;
            case "three pages per block": fields.PagesPerBlock = 3; break;
            case "too many images": fields.Images = 2 * Limits.MaxBlocks + 1; break;
            case "blocks too large for the pages": (fields.PagesPerBlock, fields.Blocks) = (64, [150]); break;
            case "version 0": fields.MinVersion = 0; break;
            case "versions upside down": fields.MinVersion = 10; break;
            case "pages from 0": fields.FirstPage = 0; break;
            case "pages beyond the last": fields.FirstPage = Limits.MaxPageCount - 2; break;
            case "first page beyond the last": fields.FirstPage = uint.MaxValue; break;
            case "page twice": fields.Pages = [2, 0]; break;
            case "missing pages": fields.Images = 1000; break;
            case "missing blocks": (fields.Images, fields.Pages) = (40, [.. Enumerable.Repeat(1UL, 39)]); break;
            case "empty block": fields.Blocks = [100, 0]; break;
            case "large block": fields.Blocks = [100, 65537]; break;
            case "blocks too short": fields.Blocks = [100, 49]; break;
            case "blocks too long": fields.Blocks = [100, 51]; break;
            case "missing commits": fields.CommitCount = 3; break;
            case "too many commits": (fields.CommitCount, fields.MaxVersion) = (65537, 1L << 40); break;
            case "version twice": fields.Versions = [1, 0]; break;
            case "version beyond the last": fields.Versions = [1, 7]; break;
            case "time of a commit": fields.TimeMs = -1; break;
            case "more bytes": fields.More = 1; break;
            default: throw new ArgumentOutOfRangeException(nameof(fault));
        }

        if (fault == "too many commits")
        {
            fields.Versions = [.. Enumerable.Repeat(1UL, 65537)];
        }

        byte[] bytes = fields.ToBytes();
        Refusal.Expect(() => SegmentIndex.ReadObject(bytes, Refusal.Key).Index, bytes.Length, 0, fault);
        var refused = Assert.Throws<DatabaseException>(() => SegmentIndex.ReadObject(bytes, Refusal.Key));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(51, 0)]
    [InlineData(52, 1)]
    [InlineData(0, 0)]
    [InlineData(long.MaxValue, 0)]
    [InlineData(-1, 0)]
    [InlineData(-4294967144, -1)]
    public void A_footer_that_leads_astray_is_refused(long indexOffset, int indexBytes)
    {
        byte[] bytes = new Fields().ToBytes();
        var footer = bytes.AsSpan(bytes.Length - SegmentLayout.FooterBytes);
        new SegmentFooter(indexOffset, indexBytes).Write(footer);

        Refusal.Expect(() => SegmentIndex.ReadObject(bytes, Refusal.Key).Index, bytes.Length, 0, $"{indexBytes} bytes at {indexOffset}");
    }

    private static SegmentIndex Read(Fields fields) => SegmentIndex.ReadObject(fields.ToBytes(), Refusal.Key).Index;

    /// <summary>A sparse segment of pages 5, 7 and 8 in two blocks of 100 and 50 bytes, with commits of versions 3 and 9.</summary>
    private sealed class Fields
    {
        public uint FirstPage { get; set; } = 5;

        public uint Images { get; set; } = 3;

        public ushort PagesPerBlock { get; set; } = 2;

        public long MinVersion { get; set; } = 3;

        public long MaxVersion { get; set; } = 9;

        public ulong[] Pages { get; set; } = [2, 1];

        public ulong[] Blocks { get; set; } = [100, 50];

        public uint CommitCount { get; set; } = 2;

        public ulong[] Versions { get; set; } = [1, 6];

        public long TimeMs { get; set; } = Sample.TimeMs;

        public int More { get; set; }

        public byte[] ToBytes()
        {
            byte[] index = new byte[1000 + 27 * Versions.Length];
            var writer = new ByteWriter(index);
            writer.U8((byte)SegmentKind.Sparse);
            writer.U32(FirstPage);
            writer.U32(Images);
            writer.U16(PagesPerBlock);
            writer.I64(MinVersion);
            writer.I64(MaxVersion);
            foreach (ulong step in Pages)
            {
                writer.Varint(step);
            }

            foreach (ulong stored in Blocks)
            {
                writer.Varint(stored);
                writer.U8((byte)Codec.Brotli);
                writer.U32(0);
            }

            writer.Varint(CommitCount);
            foreach (ulong step in Versions)
            {
                writer.Varint(step);
                writer.U128(1);
                writer.I64(TimeMs);
            }

            writer.Skip(More);
            writer.Crc();

            byte[] header = new byte[SegmentLayout.HeaderBytes];
            new SegmentHeader(4096, default, default).Write(header);
            byte[] footer = new byte[SegmentLayout.FooterBytes];
            new SegmentFooter(SegmentLayout.HeaderBytes + 150, writer.Position).Write(footer);
            return [.. header, .. new byte[150], .. writer.Written, .. footer];
        }
    }
}
