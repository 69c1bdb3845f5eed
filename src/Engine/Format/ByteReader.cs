using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace OrleansSqlite.Format;

/// <summary>
/// Reads stored bytes from front to back. All decoders use it, so that one bounds check guards them all,
/// and no input ends in another error than <see cref="Corruption"/>'s.
/// </summary>
internal ref struct ByteReader
{
    private readonly ReadOnlySpan<byte> bytes;
    private readonly string objectKey;
    private readonly string part;
    private int position;

    /// <summary>Starts at the first byte.</summary>
    /// <param name="bytes">What there is to read.</param>
    /// <param name="objectKey">The object that it comes from, for errors.</param>
    /// <param name="part">Which part of the object that is, for errors: "head", "frame", …</param>
    public ByteReader(ReadOnlySpan<byte> bytes, string objectKey, string part)
    {
        this.bytes = bytes;
        this.objectKey = objectKey;
        this.part = part;
    }

    /// <summary>How many bytes have been read.</summary>
    public readonly int Position => position;

    /// <summary>How many bytes are left.</summary>
    public readonly int Remaining => bytes.Length - position;

    /// <summary>The next bytes. The only place that moves on, and the only check.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)Remaining)
        {
            Fail("it ends too early");
        }

        var taken = bytes.Slice(position, count);
        position += count;
        return taken;
    }

    public byte U8() => Take(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public long I64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public UInt128 U128() => BinaryPrimitives.ReadUInt128LittleEndian(Take(16));

    /// <summary>An id of RFC 9562, its bytes in the order in which it is printed.</summary>
    public Guid Guid() => new(Take(16), bigEndian: true);

    /// <summary>A number in LEB128. A longer form than needed is refused: equal values have equal bytes.</summary>
    public ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = U8();
            if (shift == 63 && b > 1)
            {
                Fail("a number has more than 64 bits");
            }

            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                if (b == 0 && shift > 0)
                {
                    Fail("a number is not in its shortest form");
                }

                return value;
            }
        }
    }

    /// <summary>Refuses bytes that follow the last field.</summary>
    public readonly void End()
    {
        if (Remaining != 0)
        {
            Fail("bytes follow its end");
        }
    }

    /// <summary>Refuses the object.</summary>
    /// <param name="what">What is wrong with the part, as a clause whose subject is "it" or a field.</param>
    [DoesNotReturn]
    public readonly void Fail(string what) => throw Corruption.Damaged(objectKey, $"in its {part}, {what}");
}
