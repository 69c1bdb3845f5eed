namespace OrleansSqlite.Format;

/// <summary>The first bytes of a segment: whose it is.</summary>
/// <param name="PageBytes">The size of a page.</param>
/// <param name="Id">The segment's id.</param>
/// <param name="DatabaseId">The database that it was made for; forks read it too.</param>
internal readonly record struct SegmentHeader(int PageBytes, SegmentId Id, Guid DatabaseId)
{
    private const string Part = "header";

    private static ReadOnlySpan<byte> Magic => "OSQLITES"u8;

    /// <summary>Writes the header, <see cref="SegmentLayout.HeaderBytes"/> long.</summary>
    public void Write(Span<byte> bytes)
    {
        var writer = new ByteWriter(bytes);
        writer.Bytes(Magic);
        writer.U16(Limits.SegmentFormatVersion);
        writer.U16(0); // flags
        writer.U32((uint)PageBytes);
        writer.U128(Id.Value);
        writer.Guid(DatabaseId);
        writer.Crc();
    }

    /// <summary>Reads the header at the start of the bytes.</summary>
    /// <exception cref="DatabaseException">It is damaged, or too new.</exception>
    public static SegmentHeader Read(ReadOnlySpan<byte> bytes, string objectKey)
    {
        var reader = new ByteReader(bytes, objectKey, Part);
        Preamble.Read(ref reader, Magic, Limits.SegmentFormatVersion, objectKey, Part, out ushort flags);
        uint pageBytes = reader.U32();
        var id = new SegmentId(reader.U128());
        var databaseId = reader.Guid();
        uint crc = Crc32C.Compute(bytes[..reader.Position]);
        if (reader.U32() != crc)
        {
            reader.Fail("the checksum is wrong");
        }

        Preamble.CheckFlags(flags, objectKey, Part);
        if (!Limits.IsPageSize(pageBytes))
        {
            reader.Fail("the page size is wrong");
        }

        return new SegmentHeader((int)pageBytes, id, databaseId);
    }
}
