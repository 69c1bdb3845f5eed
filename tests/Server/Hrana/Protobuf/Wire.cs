using System.Buffers.Binary;
using System.Text;

namespace OrleansSqlite.Tests;

/// <summary>A message of protobuf, written field by field and without the server's schema, so that the two check each other.</summary>
internal sealed class Wire
{
    private readonly List<byte> bytes = [];

    public byte[] ToArray() => [.. bytes];

    public Wire Number(int field, ulong? value) => value is { } number ? Tag(field, 0).Varint(number) : this;

    public Wire Number(int field, long? value) => Number(field, unchecked((ulong?)value));

    /// <summary>A number whose sign is its last bit.</summary>
    public Wire ZigZag(int field, long value) => Number(field, unchecked((ulong)((value << 1) ^ (value >> 63))));

    public Wire Double(int field, double value)
    {
        var eight = new byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(eight, value);
        Tag(field, 1).bytes.AddRange(eight);
        return this;
    }

    public Wire Text(int field, string? value) => value is null ? this : Bytes(field, Encoding.UTF8.GetBytes(value));

    public Wire Message(int field, Wire? value) => value is null ? this : Bytes(field, value.ToArray());

    public Wire Bytes(int field, byte[] value)
    {
        Tag(field, 2).Varint((ulong)value.Length).bytes.AddRange(value);
        return this;
    }

    public Wire Tag(int field, int wireType) => Varint((ulong)((field << 3) | wireType));

    public Wire Raw(params byte[] more)
    {
        bytes.AddRange(more);
        return this;
    }

    private Wire Varint(ulong value)
    {
        for (; value > 0x7F; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        return this;
    }
}

/// <summary>A field as it came.</summary>
internal readonly record struct WireField(int Number, int Type, ulong Value, ReadOnlyMemory<byte> Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    public long ZigZag => unchecked((long)(Value >> 1) ^ -(long)(Value & 1));

    public double Double => BitConverter.UInt64BitsToDouble(Value);

    /// <summary>The fields of a message, each of which must be one that is known.</summary>
    public static Dictionary<int, List<WireField>> Read(ReadOnlyMemory<byte> bytes, params int[] known)
    {
        var fields = known.ToDictionary(number => number, _ => new List<WireField>());
        while (!bytes.IsEmpty)
        {
            ulong tag = Varint(ref bytes);
            var (number, type) = ((int)(tag >> 3), (int)(tag & 7));
            ulong value = 0;
            ReadOnlyMemory<byte> inner = default;
            switch (type)
            {
                case 0:
                    value = Varint(ref bytes);
                    break;
                case 1:
                    value = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span);
                    bytes = bytes[8..];
                    break;
                default:
                    Assert.Equal(2, type);
                    inner = Delimited(ref bytes);
                    break;
            }

            Assert.Contains(number, known);
            fields[number].Add(new(number, type, value, inner));
        }

        return fields;
    }

    /// <summary>Takes a length, and that many bytes.</summary>
    public static ReadOnlyMemory<byte> Delimited(ref ReadOnlyMemory<byte> bytes)
    {
        int length = (int)Varint(ref bytes);
        var inner = bytes[..length];
        bytes = bytes[length..];
        return inner;
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> bytes)
    {
        ulong value = 0;
        for (int i = 0; ; i++)
        {
            byte one = bytes.Span[i];
            value |= (ulong)(one & 0x7F) << (7 * i);
            if (one < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return value;
            }
        }
    }
}
