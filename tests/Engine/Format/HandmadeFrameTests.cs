using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

/// <summary>Frames with right checksums that no writer makes, each wrong in one place.</summary>
public sealed class HandmadeFrameTests
{
    [Fact]
    public void The_pattern_of_the_others_is_read()
    {
        var decoded = Read(new Fields());

        Assert.Equal([5u, 6u], decoded.Pages);
        Assert.Equal(1024, decoded.Images.Length);
    }

    [Theory]
    [InlineData("version 0", "the version, the time or the page count is out of range")]
    [InlineData("version too high", "the version, the time or the page count is out of range")]
    [InlineData("time before 1970", "the version, the time or the page count is out of range")]
    [InlineData("time too late", "the version, the time or the page count is out of range")]
    [InlineData("too many pages", "the version, the time or the page count is out of range")]
    [InlineData("more images than pages", "the number of images or the size of their payload is wrong")]
    [InlineData("more images than bytes", "the number of images or the size of their payload is wrong")]
    [InlineData("payload beyond the end", "the number of images or the size of their payload is wrong")]
    [InlineData("payload beyond the raw size", "there cannot be 2 images of 512 bytes in 1025 bytes")]
    [InlineData("page 0", "the page numbers do not ascend")]
    [InlineData("page twice", "the page numbers do not ascend")]
    [InlineData("page above the count", "the page numbers do not ascend, or pass the page count")]
    [InlineData("page that overflows", "the page numbers do not ascend, or pass the page count")]
    [InlineData("page number too long", "a number is not in its shortest form")]
    [InlineData("page number of 65 bits", "a number has more than 64 bits")]
    [InlineData("bytes behind the page numbers", "bytes follow its end")]
    public void Each_fault_is_refused_with_little_memory(string fault, string message)
    {
        var fields = new Fields();
        switch (fault)
        {
            case "version 0": fields.Version = 0; break;
            case "version too high": fields.Version = Limits.MaxVersion + 1; break;
            case "time before 1970": fields.TimeMs = -1; break;
            case "time too late": fields.TimeMs = Limits.MaxTimeMs + 1; break;
            case "too many pages": fields.PageCount = Limits.MaxPageCount + 1; break;
            case "more images than pages": fields.PageCount = 1; break;
            case "more images than bytes": (fields.PageCount, fields.Images) = (100_000, 30_000); break;
            case "payload beyond the end": fields.StoredBytes = 1027; break;
            case "payload beyond the raw size": (fields.Payload, fields.StoredBytes) = (new byte[1025], 1025); break;
            case "page 0": fields.PageNumbers = [0, 1]; break;
            case "page twice": fields.PageNumbers = [5, 0]; break;
            case "page above the count": fields.PageNumbers = [5, 96]; break;
            case "page that overflows": fields.PageNumbers = [5, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]; break;
            case "page number too long": fields.PageNumbers = [5, 0x81, 0]; break;
            case "page number of 65 bits": fields.PageNumbers = [5, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2]; break;
            case "bytes behind the page numbers": fields.PageNumbers = [5, 1, 1]; break;
            default: throw new ArgumentOutOfRangeException(nameof(fault));
        }

        byte[] bytes = fields.ToBytes();
        Refusal.Expect(() => Read(fields), bytes.Length, 0, fault);
        var refused = Assert.Throws<DatabaseException>(() => FrameCodec.Read(bytes, 512, Refusal.Key));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(1000)]
    [InlineData(131072)]
    [InlineData(-512)]
    public void Images_need_a_page_size(int pageBytes)
    {
        byte[] bytes = new Fields().ToBytes();

        Refusal.Expect(() => FrameCodec.Read(bytes, pageBytes, Refusal.Key), bytes.Length, 0, $"pages of {pageBytes} bytes");
    }

    private static DecodedFrame Read(Fields fields) =>
        FrameCodec.Decode(FrameCodec.Read(fields.ToBytes(), 512, Refusal.Key), 512, Refusal.Key);

    /// <summary>A frame of pages 5 and 6 of 100, as they are.</summary>
    private sealed class Fields
    {
        public long Version { get; set; } = 1;

        public long TimeMs { get; set; } = Sample.TimeMs;

        public uint PageCount { get; set; } = 100;

        public uint Images { get; set; } = 2;

        public uint StoredBytes { get; set; } = 1024;

        public byte[] PageNumbers { get; set; } = [5, 1];

        public byte[] Payload { get; set; } = new byte[1024];

        public byte[] ToBytes()
        {
            byte[] bytes = new byte[FrameCodec.MinBytes + PageNumbers.Length + Payload.Length];
            var writer = new ByteWriter(bytes);
            writer.U32((uint)bytes.Length);
            writer.I64(Version);
            writer.U128(1);
            writer.I64(TimeMs);
            writer.U32(PageCount);
            writer.U32(Images);
            writer.U8((byte)Codec.None);
            writer.U32(StoredBytes);
            writer.Bytes(PageNumbers);
            writer.Bytes(Payload);
            writer.Crc();
            return bytes;
        }
    }
}
