namespace OrleansSqlite.Format;

/// <summary>The first fields of every object: magic, format version, flags.</summary>
internal static class Preamble
{
    /// <summary>The size of the three fields.</summary>
    public const int Bytes = 12;

    /// <summary>Reads them. The format version is believed before any checksum: a newer one may have put its checksum elsewhere.</summary>
    /// <returns>The format version.</returns>
    public static ushort Read(
        ref ByteReader reader, ReadOnlySpan<byte> magic, ushort newest, string objectKey, string part, out ushort flags)
    {
        if (!reader.Take(magic.Length).SequenceEqual(magic))
        {
            reader.Fail("the first bytes are not those of such an object");
        }

        ushort version = reader.U16();
        if (version > newest)
        {
            throw Corruption.TooNew(objectKey, $"its {part} has the format version {version}, and {newest} is the newest known here");
        }

        if (version == 0)
        {
            reader.Fail("the format version is 0");
        }

        flags = reader.U16();
        return version;
    }

    /// <summary>Refuses flags that are unknown here, and all are. To be called once the checksum has proved that they were written so.</summary>
    public static void CheckFlags(ushort flags, string objectKey, string part)
    {
        if (flags != 0)
        {
            throw Corruption.TooNew(objectKey, $"its {part} has the unknown flags 0x{flags:x4}");
        }
    }
}
