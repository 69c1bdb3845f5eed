using System.Text;

namespace OrleansSqlite.Format;

/// <summary>
/// A transaction that its owner has left for whoever wins the next swap: what it does, and how long that is wanted. Written once, never changed.
/// </summary>
internal sealed record InboxEntry
{
    /// <summary>The largest entry. What needs more is carried by its owner.</summary>
    public const int MaxBytes = 256 << 10;

    private const int CrcBytes = 4;
    private const ushort HasTelling = 1;
    private const string Part = "inbox entry";

    private static ReadOnlySpan<byte> Magic => "OSQLITEI"u8;

    /// <summary>Its id. The transaction takes effect under it at most once, whoever runs it.</summary>
    public required InboxId Id { get; init; }

    /// <summary>The database that it is meant for: another one may have the same name by now.</summary>
    public required Guid DatabaseId { get; init; }

    /// <summary>The collection epoch in which it was left. Others run it in the same one only: a restore begins a new one.</summary>
    public required ulong CollectionEpoch { get; init; }

    /// <summary>For how many seconds after it was written others may run it, by the store's clock.</summary>
    public required uint LifetimeSeconds { get; init; }

    /// <summary>The statements.</summary>
    public required Batch Batch { get; init; }

    /// <summary>What its caller has been told of them already; null if nothing was, and nothing depends on its connection.</summary>
    public Telling? Telling { get; init; }

    /// <summary>The bytes of the object; null if they are too many.</summary>
    public byte[]? TryEncode()
    {
        long size = Size();
        if (size > MaxBytes)
        {
            return null;
        }

        byte[] bytes = new byte[(int)size];
        var writer = new ByteWriter(bytes);
        writer.Bytes(Magic);
        writer.U16(Limits.InboxFormatVersion);
        writer.U16(Telling is null ? (ushort)0 : HasTelling);
        writer.Bytes(Id.ToBytes());
        writer.Guid(DatabaseId);
        writer.U64(CollectionEpoch);
        writer.U32(LifetimeSeconds);
        Write(ref writer, Batch.OperationId ?? "");
        writer.Varint((ulong)Batch.Statements.Count);
        foreach (var statement in Batch.Statements)
        {
            Write(ref writer, statement.Sql);
            writer.Varint((ulong)statement.Positional.Count);
            foreach (var value in statement.Positional)
            {
                Write(ref writer, value);
            }

            writer.Varint((ulong)statement.Named.Count);
            foreach (var (name, value) in statement.Named)
            {
                Write(ref writer, name);
                Write(ref writer, value);
            }
        }

        Telling?.Write(ref writer);
        writer.Crc();
        return bytes[..writer.Position];
    }

    /// <summary>Reads an entry.</summary>
    /// <exception cref="DatabaseException">It is damaged, or too new.</exception>
    public static InboxEntry Decode(ReadOnlySpan<byte> content, string objectKey)
    {
        var reader = new ByteReader(content, objectKey, Part);
        Preamble.Read(ref reader, Magic, Limits.InboxFormatVersion, objectKey, Part, out ushort flags);
        if (reader.Remaining < CrcBytes || content.Length > MaxBytes)
        {
            reader.Fail("its length is wrong");
        }

        var body = content[..^CrcBytes];
        reader.Take(body.Length - reader.Position);
        if (reader.U32() != Crc32C.Compute(body))
        {
            reader.Fail("the checksum is wrong");
        }

        Preamble.CheckFlags((ushort)(flags & ~HasTelling), objectKey, Part);
        reader = new ByteReader(body, objectKey, Part);
        reader.Take(Preamble.Bytes);
        var entry = new InboxEntry
        {
            Id = InboxId.FromBytes(reader.Take(InboxId.Bytes)),
            DatabaseId = reader.Guid(),
            CollectionEpoch = reader.U64(),
            LifetimeSeconds = reader.U32(),
            Batch = ReadBatch(ref reader),
        };
        if ((flags & HasTelling) != 0)
        {
            entry = entry with { Telling = Telling.Read(ref reader, entry.Batch.Statements.Count) };
        }

        reader.End();
        return entry;
    }

    /// <summary>At least what it takes: a number is counted with its longest form, a character with its longest in UTF-8.</summary>
    private long Size()
    {
        long size = Preamble.Bytes + InboxId.Bytes + 16 + 8 + 4 + SizeOf(Batch.OperationId ?? "") + ByteWriter.MaxVarint32Bytes + CrcBytes + (Telling?.Size() ?? 0);
        foreach (var statement in Batch.Statements)
        {
            size += SizeOf(statement.Sql) + (2 * ByteWriter.MaxVarint32Bytes)
                + statement.Positional.Sum(SizeOf) + statement.Named.Sum(pair => SizeOf(pair.Key) + SizeOf(pair.Value));
        }

        return size;
    }

    /// <summary>At least the bytes that a text takes.</summary>
    internal static long SizeOf(string text) => ByteWriter.MaxVarint32Bytes + (3L * text.Length);

    private static long SizeOf(SqlValue value) => 1 + value.Type switch
    {
        SqlType.Integer or SqlType.Real => 8,
        SqlType.Text => SizeOf(value.AsText()),
        SqlType.Blob => ByteWriter.MaxVarint32Bytes + (long)value.AsBlob().Length,
        _ => 0,
    };

    /// <summary>Writes a text.</summary>
    internal static void Write(ref ByteWriter writer, string text)
    {
        writer.Varint((ulong)Encoding.UTF8.GetByteCount(text));
        writer.Skip(Encoding.UTF8.GetBytes(text, writer.Free));
    }

    private static void Write(ref ByteWriter writer, SqlValue value)
    {
        writer.U8((byte)value.Type);
        switch (value.Type)
        {
            case SqlType.Integer:
                writer.I64(value.AsInteger());
                break;
            case SqlType.Real:
                writer.I64(BitConverter.DoubleToInt64Bits(value.AsReal()));
                break;
            case SqlType.Text:
                Write(ref writer, value.AsText());
                break;
            case SqlType.Blob:
                writer.Varint((ulong)value.AsBlob().Length);
                writer.Bytes(value.AsBlob().Span);
                break;
        }
    }

    private static Batch ReadBatch(ref ByteReader reader)
    {
        string operation = ReadText(ref reader);
        var statements = new Statement[ReadCount(ref reader)];
        for (int i = 0; i < statements.Length; i++)
        {
            string sql = ReadText(ref reader);
            var positional = new SqlValue[ReadCount(ref reader)];
            for (int j = 0; j < positional.Length; j++)
            {
                positional[j] = ReadValue(ref reader);
            }

            int names = ReadCount(ref reader);
            var named = new Dictionary<string, SqlValue>(names, StringComparer.Ordinal);
            for (int j = 0; j < names; j++)
            {
                string name = ReadText(ref reader);
                if (!named.TryAdd(name, ReadValue(ref reader)))
                {
                    reader.Fail("a parameter is there twice");
                }
            }

            statements[i] = new Statement(sql) { Positional = positional, Named = named };
        }

        return new Batch(statements) { OperationId = operation.Length == 0 ? null : operation };
    }

    /// <summary>Nothing that is counted takes less than a byte.</summary>
    internal static int ReadCount(ref ByteReader reader)
    {
        ulong count = reader.Varint();
        if (count > (ulong)reader.Remaining)
        {
            reader.Fail("a length is wrong");
        }

        return (int)count;
    }

    /// <summary>Reads a text.</summary>
    internal static string ReadText(ref ByteReader reader) => Encoding.UTF8.GetString(reader.Take(ReadCount(ref reader)));

    private static SqlValue ReadValue(ref ByteReader reader)
    {
        switch ((SqlType)reader.U8())
        {
            case SqlType.Null:
                return SqlValue.Null;
            case SqlType.Integer:
                return SqlValue.From(reader.I64());
            case SqlType.Real:
                return SqlValue.From(BitConverter.Int64BitsToDouble(reader.I64()));
            case SqlType.Text:
                return SqlValue.From(ReadText(ref reader));
            case SqlType.Blob:
                return SqlValue.From(reader.Take(ReadCount(ref reader)).ToArray());
            default:
                reader.Fail("a value has an unknown type");
                return default;
        }
    }
}
