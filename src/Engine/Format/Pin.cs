using System.Text;

namespace OrleansSqlite.Format;

/// <summary>An object that holds a version: no collection deletes a segment that the version needs, as long as the pin is there.</summary>
internal sealed record Pin
{
    private const int FixedBytes = 44;
    private const int CrcBytes = 4;
    private const string Part = "pin";

    private static ReadOnlySpan<byte> Magic => "OSQLITEP"u8;

    /// <summary>What for.</summary>
    public required PinKind Kind { get; init; }

    /// <summary>The snapshot's name, or that of the fork.</summary>
    public required string Name { get; init; }

    /// <summary>The database whose version it is: the one where the pin lies, or one that was forked from that.</summary>
    public required string Owner { get; init; }

    /// <summary>The id of the fork; the owner's own for a snapshot.</summary>
    public required Guid DatabaseId { get; init; }

    /// <summary>When it was made, in unix milliseconds.</summary>
    public required long TimeMs { get; init; }

    /// <summary>The version, as a head.</summary>
    public required Head Held { get; init; }

    /// <summary>The bytes of the object.</summary>
    public byte[] Encode()
    {
        byte[] held = HeadCodec.Encode(Held);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(FixedBytes + Name.Length + Owner.Length + held.Length + CrcBytes);
        var writer = new ByteWriter(bytes);
        writer.Bytes(Magic);
        writer.U16(Limits.PinFormatVersion);
        writer.U16(0); // flags
        writer.U8((byte)Kind);
        writer.U8((byte)Name.Length);
        writer.U8((byte)Owner.Length);
        writer.U8(0);
        writer.Guid(DatabaseId);
        writer.I64(TimeMs);
        writer.U32((uint)held.Length);
        writer.Bytes(Encoding.ASCII.GetBytes(Name));
        writer.Bytes(Encoding.ASCII.GetBytes(Owner));
        writer.Bytes(held);
        writer.Crc();
        return bytes;
    }

    /// <summary>Reads a pin.</summary>
    /// <exception cref="DatabaseException">It is damaged, or too new.</exception>
    public static Pin Decode(ReadOnlyMemory<byte> content, string objectKey)
    {
        var reader = new ByteReader(content.Span, objectKey, Part);
        Preamble.Read(ref reader, Magic, Limits.PinFormatVersion, objectKey, Part, out ushort flags);
        if (content.Length < FixedBytes + CrcBytes)
        {
            reader.Fail("it ends too early");
        }

        var body = content[..^CrcBytes];
        reader.Take(body.Length - reader.Position);
        if (reader.U32() != Crc32C.Compute(body.Span))
        {
            reader.Fail("the checksum is wrong");
        }

        Preamble.CheckFlags(flags, objectKey, Part);
        reader = new ByteReader(body.Span, objectKey, Part);
        reader.Take(Preamble.Bytes);
        var kind = (PinKind)reader.U8();
        int nameLength = reader.U8();
        int ownerLength = reader.U8();
        if (reader.U8() != 0 || kind is not (PinKind.Snapshot or PinKind.Fork))
        {
            throw Corruption.TooNew(objectKey, "it is a pin of an unknown kind");
        }

        var databaseId = reader.Guid();
        long timeMs = reader.I64();
        uint heldBytes = reader.U32();
        string name = Encoding.Latin1.GetString(reader.Take(nameLength));
        string owner = Encoding.Latin1.GetString(reader.Take(ownerLength));
        if (heldBytes != reader.Remaining || !DatabaseName.IsValid(name) || !DatabaseName.IsValid(owner) || !Limits.IsTime(timeMs))
        {
            reader.Fail("a name, the time or the length is wrong");
        }

        return new Pin
        {
            Kind = kind,
            Name = name,
            Owner = owner,
            DatabaseId = databaseId,
            TimeMs = timeMs,
            Held = HeadCodec.Decode(body[reader.Position..], objectKey),
        };
    }
}
