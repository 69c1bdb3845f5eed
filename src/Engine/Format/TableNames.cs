using System.Text;

namespace OrleansSqlite.Format;

/// <summary>The names of the tables that a commit touched, as its frame has them: few, in the order of their bytes, each once.</summary>
internal static class TableNames
{
    /// <summary>The most names that a frame lists. Of a commit that touched more it says nothing.</summary>
    public const int MaxNames = 64;

    /// <summary>The most bytes that the list takes; likewise.</summary>
    public const int MaxBytes = 4096;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The list as it is stored, or null if that would be too much.</summary>
    public static byte[]? TryEncode(IEnumerable<string> tables)
    {
        byte[][] names = [.. tables.Distinct(StringComparer.Ordinal).Select(Encoding.UTF8.GetBytes)];
        if (names.Length > MaxNames || names.Sum(name => name.Length + 2) > MaxBytes - 1 || Array.Exists(names, name => name.Length == 0))
        {
            return null;
        }

        Array.Sort(names, static (one, other) => one.AsSpan().SequenceCompareTo(other));
        var writer = new ByteWriter(new byte[MaxBytes]);
        writer.Varint((ulong)names.Length);
        foreach (byte[] name in names)
        {
            writer.Varint((ulong)name.Length);
            writer.Bytes(name);
        }

        return writer.Written.ToArray();
    }

    /// <summary>Reads the list.</summary>
    /// <exception cref="DatabaseException">It is damaged.</exception>
    public static string[] Read(ref ByteReader reader)
    {
        ulong count = reader.Varint();
        if (count > MaxNames)
        {
            reader.Fail("there are too many names of tables");
        }

        string[] tables = new string[count];
        ReadOnlySpan<byte> last = [];
        for (int i = 0; i < tables.Length; i++)
        {
            ulong length = reader.Varint();
            if (length is 0 or > MaxBytes)
            {
                reader.Fail("the name of a table is too short or too long");
            }

            var name = reader.Take((int)length);
            if (name.SequenceCompareTo(last) <= 0)
            {
                reader.Fail("the names of tables do not ascend");
            }

            tables[i] = Text(ref reader, name);
            last = name;
        }

        return tables;
    }

    private static string Text(ref ByteReader reader, ReadOnlySpan<byte> name)
    {
        try
        {
            return Utf8.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            reader.Fail("the name of a table is no text");
            throw;
        }
    }
}
