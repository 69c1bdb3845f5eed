namespace OrleansSqlite.Format;

/// <summary>The object of results that are too large to stand in the database: JSON, and a checksum over it.</summary>
internal static class InboxResults
{
    private const int CrcBytes = 4;
    private const string Part = "results";

    private static ReadOnlySpan<byte> Magic => "OSQLITEO"u8;

    /// <summary>The bytes of the object.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> json)
    {
        byte[] bytes = new byte[Preamble.Bytes + json.Length + CrcBytes];
        var writer = new ByteWriter(bytes);
        writer.Bytes(Magic);
        writer.U16(Limits.InboxFormatVersion);
        writer.U16(0); // flags
        writer.Bytes(json);
        writer.Crc();
        return bytes;
    }

    /// <summary>The JSON.</summary>
    /// <exception cref="DatabaseException">The object is damaged, or too new.</exception>
    public static ReadOnlySpan<byte> Decode(ReadOnlySpan<byte> content, string objectKey)
    {
        var reader = new ByteReader(content, objectKey, Part);
        Preamble.Read(ref reader, Magic, Limits.InboxFormatVersion, objectKey, Part, out ushort flags);
        if (reader.Remaining < CrcBytes)
        {
            reader.Fail("it ends too early");
        }

        var json = reader.Take(reader.Remaining - CrcBytes);
        if (reader.U32() != Crc32C.Compute(content[..^CrcBytes]))
        {
            reader.Fail("the checksum is wrong");
        }

        Preamble.CheckFlags(flags, objectKey, Part);
        return json;
    }
}
