namespace OrleansSqlite.Format;

/// <summary>A segment's entry within a head.</summary>
internal static class SegmentEntryCodec
{
    /// <summary>The size of an entry without its inline index.</summary>
    public const int FixedBytes = 77;

    public static void Write(ref ByteWriter writer, SegmentEntry entry)
    {
        writer.U128(entry.Id.Value);
        writer.U8((byte)entry.Kind);
        writer.U32(entry.FirstPage);
        writer.U32(entry.LastPage);
        writer.U32(entry.Images);
        writer.U16((ushort)entry.PagesPerBlock);
        writer.I64(entry.MinVersion);
        writer.I64(entry.MaxVersion);
        writer.U64(entry.CollectionEpoch);
        writer.I64(entry.ObjectBytes);
        writer.I64(entry.IndexOffset);
        writer.U32((uint)entry.IndexBytes);
        writer.U16((ushort)entry.InlineIndex.Length);
        writer.Bytes(entry.InlineIndex.Span);
    }

    /// <summary>Reads an entry. What its fields must be to each other is checked with the head as a whole.</summary>
    /// <param name="reader">Reads from <paramref name="bytes"/>.</param>
    /// <param name="bytes">What the inline index is a slice of.</param>
    /// <param name="objectKey">The head's key, for errors.</param>
    /// <param name="part">The part of the object, for errors.</param>
    public static SegmentEntry Read(ref ByteReader reader, ReadOnlyMemory<byte> bytes, string objectKey, string part) => new()
    {
        Id = new SegmentId(reader.U128()),
        Kind = ReadKind(ref reader, objectKey, part),
        FirstPage = reader.U32(),
        LastPage = reader.U32(),
        Images = reader.U32(),
        PagesPerBlock = reader.U16(),
        MinVersion = reader.I64(),
        MaxVersion = reader.I64(),
        CollectionEpoch = reader.U64(),
        ObjectBytes = reader.I64(),
        IndexOffset = reader.I64(),

        // A size beyond the type is beyond every bound as well, and stays so.
        IndexBytes = (int)Math.Min(reader.U32(), int.MaxValue),
        InlineIndex = ReadInlineIndex(ref reader, bytes),
    };

    /// <summary>Reads the kind of a segment from a part whose checksum is right.</summary>
    public static SegmentKind ReadKind(ref ByteReader reader, string objectKey, string part)
    {
        var kind = (SegmentKind)reader.U8();
        return kind is SegmentKind.Dense or SegmentKind.Sparse
            ? kind
            : throw Corruption.TooNew(objectKey, $"its {part} has a segment of the unknown kind {(byte)kind}");
    }

    private static ReadOnlyMemory<byte> ReadInlineIndex(ref ByteReader reader, ReadOnlyMemory<byte> bytes)
    {
        int length = reader.U16();
        int start = reader.Position;
        reader.Take(length);
        return bytes.Slice(start, length);
    }
}
