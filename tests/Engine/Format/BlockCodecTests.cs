using System.IO.Compression;
using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

public sealed class BlockCodecTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(511)]
    [InlineData(65536)]
    [InlineData(1 << 20)]
    public void Bytes_come_back_as_they_were(int length)
    {
        foreach (bool noise in new[] { false, true })
        {
            foreach (int quality in new[] { 0, 1, 4, 6 })
            {
                byte[] raw = new Sample(1).Images(1, length, noise);
                byte[] stored = new byte[length];

                int written = BlockCodec.Encode(raw, stored, quality, out var codec);

                Assert.Equal(codec == Codec.Brotli, written < length);
                Assert.False(noise && codec != Codec.None, "noise is stored as it is");
                Assert.False(!noise && length > 100 && codec == Codec.None, "text is packed");
                byte[] back = new byte[length];
                BlockCodec.Decode(stored.AsSpan(0, written), codec, back, Refusal.Key, "block");
                Assert.True(back.AsSpan().SequenceEqual(raw));
            }
        }
    }

    [Fact]
    public void Garbage_is_refused()
    {
        var sample = new Sample(2);
        byte[] packed = new byte[4096];
        int length = BlockCodec.Encode(sample.Images(1, 4096), packed, 4, out _);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] stored = round % 2 == 0 ? packed[..length] : new byte[sample.Below(300)];
            if (round % 2 == 0)
            {
                stored[sample.Below(length)] ^= (byte)(1 + sample.Below(255));
            }
            else
            {
                sample.Noise(stored);
            }

            // A damaged stream may well unpack to something of the right size: the checksum is there for that.
            byte[] raw = new byte[4096];
            Refusal.Try(() => Decode(stored, Codec.Brotli, raw), stored.Length, 0, out _);
        }
    }

    [Fact]
    public void A_stream_that_unpacks_to_more_or_less_than_declared_is_refused()
    {
        byte[] stream = Pack(new byte[50_000]);
        foreach (int declared in new[] { 0, 1, stream.Length, stream.Length + 1, 49_999, 50_001, 1 << 20 })
        {
            byte[] raw = new byte[declared];
            Refusal.Expect(() => Decode(stream, Codec.Brotli, raw), stream.Length, 0, $"{declared} bytes declared");
        }
    }

    [Fact]
    public void A_stream_without_end_is_refused()
    {
        byte[] stream = Pack(new Sample(3).Images(1, 5000));
        for (int length = 0; length < stream.Length; length++)
        {
            byte[] raw = new byte[5000];
            Refusal.Expect(() => Decode(stream[..length], Codec.Brotli, raw), length, 0, $"the first {length} bytes");
        }
    }

    [Fact]
    public void A_bomb_in_a_frame_takes_no_more_than_the_frame_declares()
    {
        // 64 MiB of zeros in a few bytes, declared as one page.
        byte[] bomb = Pack(new byte[64 << 20]);
        byte[] frame = FrameWith(pages: 1, bomb);

        string code = Refusal.Expect(() => Read(frame, 512), frame.Length, 512, "a bomb");

        Assert.Equal(ErrorCodes.Damaged, code);
    }

    [Fact]
    public void A_frame_that_declares_more_than_the_bound_is_refused_before_memory_is_taken()
    {
        // 257 pages of 64 KiB in a few hundred bytes: each page number has its byte, so only the bound speaks against it.
        byte[] frame = FrameWith(pages: 257, Pack(new byte[257 * 65536]));
        byte[] within = FrameWith(pages: 256, Pack(new byte[256 * 65536]));

        Refusal.Expect(() => Read(frame, 65536), frame.Length, 0, "more than 16 MiB");
        Assert.Null(Refusal.Try(() => Read(within, 65536), within.Length, Limits.MaxFrameRawBytes, out _));
    }

    [Fact]
    public void A_codec_that_copies_needs_the_exact_size()
    {
        Refusal.Expect(() => Decode(new byte[9], Codec.None, new byte[10]), 9, 0, "too short");
        Refusal.Expect(() => Decode(new byte[11], Codec.None, new byte[10]), 11, 0, "too long");
    }

    [Fact]
    public void An_unknown_codec_is_too_new()
    {
        Assert.Equal(ErrorCodes.TooNew, Refusal.Expect(() => Decode(new byte[9], (Codec)2, new byte[9]), 9, 0, "codec 2"));
    }

    private static byte[] Decode(byte[] stored, Codec codec, byte[] raw)
    {
        BlockCodec.Decode(stored, codec, raw, Refusal.Key, "block");
        return raw;
    }

    private static DecodedFrame Read(byte[] bytes, int pageBytes) =>
        FrameCodec.Decode(FrameCodec.Read(bytes, pageBytes, Refusal.Key), pageBytes, Refusal.Key);

    private static byte[] Pack(byte[] raw)
    {
        byte[] packed = new byte[BrotliEncoder.GetMaxCompressedLength(raw.Length)];
        Assert.True(BrotliEncoder.TryCompress(raw, packed, out int written));
        return packed[..written];
    }

    /// <summary>A frame of the first pages with any payload at all, as the format describes it.</summary>
    private static byte[] FrameWith(int pages, byte[] payload)
    {
        byte[] bytes = new byte[FrameCodec.MinBytes + pages + payload.Length];
        var writer = new ByteWriter(bytes);
        writer.U32((uint)bytes.Length);
        writer.I64(1);
        writer.U128(1);
        writer.I64(Sample.TimeMs);
        writer.U32(1000);
        writer.U32((uint)pages);
        writer.U8((byte)Codec.Brotli);
        writer.U32((uint)payload.Length);
        for (int i = 0; i < pages; i++)
        {
            writer.Varint(1);
        }

        writer.Bytes(payload);
        writer.Crc();
        return bytes;
    }
}
