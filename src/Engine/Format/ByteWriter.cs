using System.Buffers.Binary;

namespace OrleansSqlite.Format;

/// <summary>Writes fields one after the other into a span that its owner has made large enough.</summary>
internal ref struct ByteWriter
{
    /// <summary>The longest form of a number of 64 bits, and of 32 bits.</summary>
    public const int MaxVarint64Bytes = 10, MaxVarint32Bytes = 5;

    private readonly Span<byte> bytes;
    private int position;

    /// <summary>Starts at the first byte.</summary>
    public ByteWriter(Span<byte> bytes) => this.bytes = bytes;

    /// <summary>How many bytes have been written.</summary>
    public readonly int Position => position;

    /// <summary>What has been written: for the checksum over it.</summary>
    public readonly ReadOnlySpan<byte> Written => bytes[..position];

    /// <summary>The space that is left, for a codec to write into; <see cref="Skip"/> then says how much it took.</summary>
    public readonly Span<byte> Free => bytes[position..];

    public void Skip(int count) => position += count;

    public void U8(byte value) => bytes[position++] = value;

    public void U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[position..], value);
        position += 2;
    }

    public void U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[position..], value);
        position += 4;
    }

    public void U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[position..], value);
        position += 8;
    }

    public void I64(long value) => U64((ulong)value);

    public void U128(UInt128 value)
    {
        BinaryPrimitives.WriteUInt128LittleEndian(bytes[position..], value);
        position += 16;
    }

    public void Guid(Guid value)
    {
        value.TryWriteBytes(bytes[position..], bigEndian: true, out int written);
        position += written;
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(bytes[position..]);
        position += value.Length;
    }

    public void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            U8((byte)(value | 0x80));
            value >>= 7;
        }

        U8((byte)value);
    }

    /// <summary>The checksum of all that has been written so far.</summary>
    public void Crc() => U32(Crc32C.Compute(Written));
}
