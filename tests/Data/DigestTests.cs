using System.Buffers.Binary;
using System.Numerics;
using OrleansSqlite.Data;

namespace OrleansSqlite.Tests.Data;

/// <summary>The digest is the published SipHash-2-4: its results under the published key are reached from its state.</summary>
public sealed class DigestTests
{
    private static readonly UInt128 Key = new(0x0f0e0d0c0b0a0908, 0x0706050403020100);

    [Theory]
    [InlineData(0, "A3817F04BA25A8E66DF67214C7550293")]
    [InlineData(8, "3B62A9BA6258F5610F83E264F31497B4")]
    [InlineData(24, "2DB479AE78BD50D8882A8A178A6132AD")]
    public void It_is_SipHash(int length, string result)
    {
        byte[] message = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
        var digest = new RunningDigest(Key);
        for (int i = 0; i < length; i += 8)
        {
            digest.Add(BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(i)));
        }

        digest.Add((ulong)length << 56);
        Assert.Equal(result, Finish(digest.State));
    }

    [Fact]
    public unsafe void Bytes_go_in_with_their_number()
    {
        fixed (byte* bytes = new byte[16])
        {
            var (seven, eight, twice) = (new RunningDigest(Key), new RunningDigest(Key), new RunningDigest(Key));
            seven.Add(bytes, 7);
            eight.Add(bytes, 8);
            twice.Add(bytes, 4);
            twice.Add(bytes, 4);
            Assert.NotEqual(seven, eight);
            Assert.NotEqual(eight, twice);
        }
    }

    /// <summary>The end of SipHash with 128 bits of result; the product compares states, and has no need of it.</summary>
    private static string Finish((ulong V0, ulong V1, ulong V2, ulong V3) state)
    {
        var (v0, v1, v2, v3) = state;
        Span<byte> result = stackalloc byte[16];
        v2 ^= 0xee;
        Rounds();
        BinaryPrimitives.WriteUInt64LittleEndian(result, v0 ^ v1 ^ v2 ^ v3);
        v1 ^= 0xdd;
        Rounds();
        BinaryPrimitives.WriteUInt64LittleEndian(result[8..], v0 ^ v1 ^ v2 ^ v3);
        return Convert.ToHexString(result);

        void Rounds()
        {
            for (int i = 0; i < 4; i++)
            {
                v0 += v1;
                v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
                v0 = BitOperations.RotateLeft(v0, 32);
                v2 += v3;
                v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
                v0 += v3;
                v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
                v2 += v1;
                v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
                v2 = BitOperations.RotateLeft(v2, 32);
            }
        }
    }
}
