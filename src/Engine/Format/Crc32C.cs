using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansSqlite.Format;

/// <summary>CRC-32C (Castagnoli), the checksum of every part of every object.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of the bytes, or of what the seed is the checksum of followed by the bytes.</summary>
    /// <remarks>
    /// Eight bytes at a time keep one core's CRC unit busy at several GB/s, far above what the codecs do;
    /// interleaved streams would be faster still, and not be seen.
    /// </remarks>
    public static uint Compute(ReadOnlySpan<byte> bytes, uint seed = 0)
    {
        uint crc = ~seed;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte b in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
