namespace OrleansSqlite.Format;

/// <summary>The last bytes of a segment: where its index is, for a reader without a head.</summary>
internal readonly record struct SegmentFooter(long IndexOffset, int IndexBytes)
{
    private const string Part = "footer";

    private static ReadOnlySpan<byte> Magic => "OSQLITEF"u8;

    /// <summary>Writes the footer, <see cref="SegmentLayout.FooterBytes"/> long.</summary>
    public void Write(Span<byte> bytes)
    {
        var writer = new ByteWriter(bytes);
        writer.I64(IndexOffset);
        writer.U32((uint)IndexBytes);
        writer.Crc();
        writer.Bytes(Magic);
    }

    /// <summary>Reads the footer at the end of a segment and checks that header, index and footer fill the object.</summary>
    /// <param name="footer">The last bytes of the object.</param>
    /// <param name="objectBytes">The size of the object.</param>
    /// <param name="objectKey">The object, for errors.</param>
    /// <exception cref="DatabaseException">It is damaged.</exception>
    public static SegmentFooter Read(ReadOnlySpan<byte> footer, long objectBytes, string objectKey)
    {
        var reader = new ByteReader(footer, objectKey, Part);
        ulong indexOffset = reader.U64();
        uint indexBytes = reader.U32();
        uint crc = Crc32C.Compute(footer[..reader.Position]);
        if (reader.U32() != crc)
        {
            reader.Fail("the checksum is wrong");
        }

        if (!reader.Take(Magic.Length).SequenceEqual(Magic))
        {
            reader.Fail("the last bytes are not those of a segment");
        }

        reader.End();
        if (indexOffset < SegmentLayout.HeaderBytes || indexOffset > long.MaxValue || indexBytes > int.MaxValue
            || (long)indexOffset != objectBytes - SegmentLayout.FooterBytes - indexBytes)
        {
            reader.Fail("the place of the index is wrong");
        }

        return new SegmentFooter((long)indexOffset, (int)indexBytes);
    }
}
