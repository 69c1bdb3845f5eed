using System.IO.Compression;

namespace OrleansSqlite.Format;

/// <summary>Packs and unpacks page images. The codec of each run is chosen by its result.</summary>
internal static class BlockCodec
{
    /// <summary>
    /// The window of Brotli, as the binary logarithm of bytes. 256 KiB stay in the processor's cache on both ends;
    /// larger windows measured up to a third slower on large frames, for results smaller by 1 %.
    /// </summary>
    private const int BrotliWindow = 18;

    /// <summary>Packs the bytes if that makes them smaller, else copies them.</summary>
    /// <param name="raw">What to pack.</param>
    /// <param name="stored">Where to put it: at least as long as <paramref name="raw"/>.</param>
    /// <param name="quality">Brotli's quality, 0 to 11.</param>
    /// <param name="codec">Which codec it became.</param>
    /// <returns>How many bytes were stored, at most the raw length.</returns>
    public static int Encode(ReadOnlySpan<byte> raw, Span<byte> stored, int quality, out Codec codec)
    {
        int written = TryPack(raw, stored, quality);
        if (written > 0)
        {
            codec = Codec.Brotli;
            return written;
        }

        codec = Codec.None;
        raw.CopyTo(stored);
        return raw.Length;
    }

    /// <summary>Packs the bytes if that makes them smaller; else gives 0, and what it left in the destination means nothing.</summary>
    public static int TryPack(ReadOnlySpan<byte> raw, Span<byte> stored, int quality)
    {
        // One byte less than the raw size: a result that is no smaller fails to fit, and need not be compared.
        return raw.Length > 1 && BrotliEncoder.TryCompress(raw, stored[..(raw.Length - 1)], out int written, quality, BrotliWindow)
            ? written
            : 0;
    }

    /// <summary>Unpacks what <see cref="Encode"/> stored. The result has exactly the length of <paramref name="raw"/>, or the object is refused.</summary>
    /// <param name="stored">The stored bytes, their checksum verified.</param>
    /// <param name="codec">Their codec, as it was read.</param>
    /// <param name="raw">Where to put the result: what the object declares, within the bounds of the format. A bomb ends here.</param>
    /// <param name="objectKey">The object, for errors.</param>
    /// <param name="what">Which part of the object, for errors.</param>
    public static void Decode(ReadOnlySpan<byte> stored, Codec codec, Span<byte> raw, string objectKey, string what)
    {
        switch (codec)
        {
            case Codec.None when stored.Length == raw.Length:
                stored.CopyTo(raw);
                return;

            case Codec.Brotli when stored.Length < raw.Length
                && BrotliDecoder.TryDecompress(stored, raw, out int written) && written == raw.Length:
                return;

            case Codec.None or Codec.Brotli:
                throw Corruption.Damaged(objectKey, $"its {what} does not unpack to the {raw.Length} bytes that it should hold");

            default:
                throw UnknownCodec(codec, objectKey, what);
        }
    }

    /// <summary>Refuses a codec that is not known, before anything is allocated for what it packed.</summary>
    public static void CheckKnown(Codec codec, string objectKey, string what)
    {
        if (codec is not (Codec.None or Codec.Brotli))
        {
            throw UnknownCodec(codec, objectKey, what);
        }
    }

    private static DatabaseException UnknownCodec(Codec codec, string objectKey, string what) =>
        Corruption.TooNew(objectKey, $"its {what} is packed with the unknown codec {(byte)codec}");
}
