using System.Buffers.Binary;

namespace OrleansSqlite.Tests.Stores;

/// <summary>Values that can be told to be whole: the number at the start determines every byte and the length.</summary>
public static class NumberedValue
{
    /// <summary>The value of a number: 8 bytes to 300 KB.</summary>
    public static byte[] Make(long number)
    {
        byte[] value = new byte[8 + (number * 7919 % 300_000)];
        BinaryPrimitives.WriteInt64LittleEndian(value, number);
        for (int i = 8; i < value.Length; i++)
        {
            value[i] = (byte)(i * number);
        }

        return value;
    }

    /// <summary>The number of a value.</summary>
    public static long Number(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadInt64LittleEndian(value);
}
