using System.Buffers.Binary;
using OrleansSqlite.Format;

namespace OrleansSqlite.Clustering.GrainState;

/// <summary>A state as bytes: a header, then what the serializer made of it. A state that was cleared is a header alone.</summary>
/// <remarks>
/// <code>
/// offset  bytes
///      0      4  "OSQG"
///      4      1  format, 1
///      5      1  1 a state, 0 cleared
///      6      2  zero
///      8     16  id of the write: random, so that no two writes leave the same bytes
///     24      4  CRC-32C of the bytes before it and of those behind it, little endian
///     28         the state
/// </code>
/// </remarks>
/// <param name="WriteId">The id of the write that made it.</param>
/// <param name="Exists">Whether there is a state; false if it was cleared.</param>
/// <param name="State">The serializer's bytes.</param>
internal readonly record struct GrainRecord(UInt128 WriteId, bool Exists, ReadOnlyMemory<byte> State)
{
    private const int HeaderBytes = 28;
    private const int ChecksumOffset = 24;
    private const byte Format = 1;

    private static ReadOnlySpan<byte> Magic => "OSQG"u8;

    public byte[] Encode()
    {
        byte[] content = new byte[HeaderBytes + State.Length];
        Magic.CopyTo(content);
        content[4] = Format;
        content[5] = Exists ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt128LittleEndian(content.AsSpan(8), WriteId);
        State.Span.CopyTo(content.AsSpan(HeaderBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(ChecksumOffset), Checksum(content));
        return content;
    }

    /// <exception cref="InvalidDataException">It is damaged, or was written by a newer version.</exception>
    public static GrainRecord Decode(ReadOnlyMemory<byte> content)
    {
        var bytes = content.Span;
        if (bytes.Length < HeaderBytes || !bytes.StartsWith(Magic))
        {
            throw new InvalidDataException("it is no state of a grain");
        }

        if (bytes[4] != Format)
        {
            throw new InvalidDataException($"it is in format {bytes[4]}, and this version of OrleansSqlite.Clustering knows format {Format}");
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[ChecksumOffset..]) != Checksum(bytes) || bytes[5] > 1 || bytes[6] != 0 || bytes[7] != 0)
        {
            throw new InvalidDataException("its checksum is wrong");
        }

        return new GrainRecord(BinaryPrimitives.ReadUInt128LittleEndian(bytes[8..]), bytes[5] == 1, content[HeaderBytes..]);
    }

    private static uint Checksum(ReadOnlySpan<byte> content) => Crc32C.Compute(content[HeaderBytes..], Crc32C.Compute(content[..ChecksumOffset]));
}
