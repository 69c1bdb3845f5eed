using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

public sealed class Crc32CTests
{
    [Fact]
    public void The_published_values_come_out()
    {
        // RFC 3720, appendix B.4, and the check value of the CRC catalogues.
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Compute(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, Crc32C.Compute([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
        Assert.Equal(0u, Crc32C.Compute([]));
    }

    [Fact]
    public void A_seed_continues_what_came_before()
    {
        byte[] bytes = new Sample(1).Images(1, 512, noise: true);
        for (int cut = 0; cut <= 64; cut++)
        {
            Assert.Equal(Crc32C.Compute(bytes), Crc32C.Compute(bytes.AsSpan(cut), Crc32C.Compute(bytes.AsSpan(0, cut))));
        }
    }

    [Fact]
    public void Every_length_agrees_with_the_definition_by_bits()
    {
        byte[] bytes = new Sample(2).Images(1, 512, noise: true);
        for (int length = 0; length < 100; length++)
        {
            uint crc = uint.MaxValue;
            for (int bit = 0; bit < length * 8; bit++)
            {
                uint low = (crc ^ (uint)(bytes[bit / 8] >> (bit % 8))) & 1;
                crc = (crc >> 1) ^ (0x82F63B78 * low);
            }

            Assert.Equal(~crc, Crc32C.Compute(bytes.AsSpan(0, length)));
        }
    }
}
