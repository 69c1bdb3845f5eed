using System.Buffers.Binary;

namespace OrleansSqlite.Format;

/// <summary>The fields of a stored frame, its checksum verified and its lengths within their bounds.</summary>
internal readonly ref struct FrameFields
{
    private const string Part = "frame";

    public required int Length { get; init; }

    public required long Version { get; init; }

    public required CommitId Id { get; init; }

    public required long TimeMs { get; init; }

    public required uint PageCount { get; init; }

    public required int Images { get; init; }

    public required int RawBytes { get; init; }

    public required Codec Codec { get; init; }

    /// <summary>The tables that the commit touched; null if the frame doesn't say.</summary>
    public required string[]? Tables { get; init; }

    /// <summary>The page numbers as they are stored. Not checked yet, but that there are enough bytes for them.</summary>
    public required ReadOnlySpan<byte> PageNumbers { get; init; }

    /// <summary>The images as they are stored.</summary>
    public required ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Reads the frame at the start of the bytes. Other frames may follow it.</summary>
    public static FrameFields Parse(ReadOnlySpan<byte> bytes, int pageBytes, string objectKey)
    {
        // The checksum comes first, so that no field but the length is believed unless all are.
        var reader = new ByteReader(bytes, objectKey, Part);
        uint length = reader.U32();
        if (length < FrameCodec.MinBytes || length > (uint)bytes.Length)
        {
            reader.Fail("the length is wrong");
        }

        var body = bytes[..((int)length - 4)];
        if (Crc32C.Compute(body) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[body.Length..]))
        {
            reader.Fail("the checksum is wrong");
        }

        reader = new ByteReader(body, objectKey, Part);
        reader.Take(4);
        long version = reader.I64();
        var id = new CommitId(reader.U128());
        long timeMs = reader.I64();
        uint pageCount = reader.U32();
        uint images = reader.U32();
        byte packing = reader.U8();
        var codec = (Codec)(packing & ~FrameCodec.HasTables);
        uint storedBytes = reader.U32();

        if (version is < 1 or > Limits.MaxVersion || !Limits.IsTime(timeMs) || pageCount > Limits.MaxPageCount)
        {
            reader.Fail("the version, the time or the page count is out of range");
        }

        // Each page number takes a byte at least, so the images cannot be more than the frame has bytes.
        if (images > pageCount || storedBytes > reader.Remaining || images > reader.Remaining - storedBytes)
        {
            reader.Fail("the number of images or the size of their payload is wrong");
        }

        long rawBytes = (long)images * pageBytes;
        if (rawBytes > Limits.MaxFrameRawBytes || storedBytes > rawBytes || (images > 0 && !Limits.IsPageSize(pageBytes)))
        {
            reader.Fail($"there cannot be {images} images of {pageBytes} bytes in {storedBytes} bytes");
        }

        BlockCodec.CheckKnown(codec, objectKey, Part);
        string[]? tables = (packing & FrameCodec.HasTables) == 0 ? null : TableNames.Read(ref reader);
        if (images > reader.Remaining - storedBytes)
        {
            reader.Fail("the names of tables take the place of page numbers");
        }

        return new FrameFields
        {
            Length = (int)length,
            Version = version,
            Id = id,
            TimeMs = timeMs,
            PageCount = pageCount,
            Images = (int)images,
            RawBytes = (int)rawBytes,
            Codec = codec,
            Tables = tables,
            PageNumbers = reader.Take(reader.Remaining - (int)storedBytes),
            Payload = reader.Take((int)storedBytes),
        };
    }
}
