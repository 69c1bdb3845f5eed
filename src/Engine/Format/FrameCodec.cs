using System.Buffers;

namespace OrleansSqlite.Format;

/// <summary>Frames to bytes and back. The layout is in docs/FORMAT.md.</summary>
internal static class FrameCodec
{
    /// <summary>Brotli's quality for frames: a commit waits for it.</summary>
    public const int Quality = 1;

    /// <summary>The fields before the page numbers.</summary>
    public const int HeaderBytes = 49;

    /// <summary>The smallest frame: no page image.</summary>
    public const int MinBytes = HeaderBytes + CrcBytes;

    /// <summary>The bit beside the codec that says that names of tables follow. Old readers take it for a codec that they don't know.</summary>
    public const byte HasTables = 0x80;

    private const int CrcBytes = 4;
    private const string Part = "frame";

    /// <summary>Makes the frame of a commit.</summary>
    /// <param name="version">The version that the commit makes.</param>
    /// <param name="id">The commit's id.</param>
    /// <param name="timeMs">Unix milliseconds.</param>
    /// <param name="pageCount">How many pages the database has after it.</param>
    /// <param name="pageBytes">The size of a page; 0 only if there are no images.</param>
    /// <param name="pages">The page numbers, ascending, distinct, none above <paramref name="pageCount"/>.</param>
    /// <param name="images">Their images, one after the other.</param>
    /// <param name="tables">The tables that the commit touched, as <see cref="TableNames"/> has them; null if that is not known, or too much.</param>
    /// <param name="quality">Brotli's quality.</param>
    /// <exception cref="InvalidOperationException">The images are more than <see cref="Limits.MaxFrameRawBytes"/>.</exception>
    /// <exception cref="ArgumentException">The arguments don't fit together.</exception>
    public static EncodedFrame Encode(
        long version, CommitId id, long timeMs, uint pageCount, int pageBytes,
        ReadOnlySpan<uint> pages, ReadOnlySpan<byte> images, byte[]? tables = null, int quality = Quality)
    {
        if (images.Length > Limits.MaxFrameRawBytes)
        {
            throw new InvalidOperationException(
                $"A frame holds at most {Limits.MaxFrameRawBytes} bytes of page images, not {images.Length}: use a segment.");
        }

        CheckArguments(version, timeMs, pageCount, pageBytes, pages, images);

        // Packed into a shared buffer of the worst size, then copied once into an array of the exact one, which lives on in the head.
        byte[] scratch = ArrayPool<byte>.Shared.Rent(MinBytes + (tables?.Length ?? 0) + pages.Length * ByteWriter.MaxVarint32Bytes + images.Length);
        try
        {
            var writer = new ByteWriter(scratch);
            writer.Skip(HeaderBytes);
            writer.Bytes(tables);
            WritePages(ref writer, pages);
            int stored = BlockCodec.TryPack(images, writer.Free, quality);
            var payload = stored > 0 ? writer.Free[..stored] : images;
            var codec = stored > 0 ? Codec.Brotli : Codec.None;

            int length = writer.Position + payload.Length + CrcBytes;
            byte[] bytes = GC.AllocateUninitializedArray<byte>(length);
            var final = new ByteWriter(bytes);
            final.U32((uint)length);
            final.I64(version);
            final.U128(id.Value);
            final.I64(timeMs);
            final.U32(pageCount);
            final.U32((uint)pages.Length);
            final.U8((byte)((byte)codec | (tables is null ? 0 : HasTables)));
            final.U32((uint)payload.Length);
            final.Bytes(writer.Written[HeaderBytes..]);
            final.Bytes(payload);
            final.Crc();

            return new EncodedFrame
            {
                Version = version,
                Id = id,
                TimeMs = timeMs,
                PageCount = pageCount,
                Images = pages.Length,
                RawBytes = images.Length,
                Bytes = bytes,
            };
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    /// <summary>Reads the frame at the start of the bytes, all but its images; its <see cref="EncodedFrame.Bytes"/> are a slice of them.</summary>
    /// <exception cref="DatabaseException">The bytes are no frame of a database with such pages.</exception>
    public static EncodedFrame Read(ReadOnlyMemory<byte> bytes, int pageBytes, string objectKey)
    {
        var fields = FrameFields.Parse(bytes.Span, pageBytes, objectKey);
        ReadPages(fields, [], objectKey);
        return new EncodedFrame
        {
            Version = fields.Version,
            Id = fields.Id,
            TimeMs = fields.TimeMs,
            PageCount = fields.PageCount,
            Images = fields.Images,
            RawBytes = fields.RawBytes,
            Bytes = bytes[..fields.Length],
        };
    }

    /// <summary>Unpacks a frame. Everything is checked again: the bytes may have come by another way than <see cref="Read"/>.</summary>
    /// <exception cref="DatabaseException">The frame is damaged, or too new.</exception>
    public static DecodedFrame Decode(EncodedFrame frame, int pageBytes, string objectKey)
    {
        var fields = FrameFields.Parse(frame.Bytes.Span, pageBytes, objectKey);
        if (fields.Length != frame.Bytes.Length)
        {
            throw Corruption.Damaged(objectKey, $"bytes follow the end of its {Part}");
        }

        uint[] pages = new uint[fields.Images];
        ReadPages(fields, pages, objectKey);
        byte[] images = GC.AllocateUninitializedArray<byte>(fields.RawBytes);
        BlockCodec.Decode(fields.Payload, fields.Codec, images, objectKey, Part);
        return new DecodedFrame { Pages = pages, Images = images };
    }

    /// <summary>The tables that the frame's commit touched; null if that is not known, or was too much.</summary>
    public static IReadOnlyList<string>? Tables(EncodedFrame frame, int pageBytes, string objectKey) => FrameFields.Parse(frame.Bytes.Span, pageBytes, objectKey).Tables;

    private static void WritePages(ref ByteWriter writer, ReadOnlySpan<uint> pages)
    {
        uint last = 0;
        foreach (uint page in pages)
        {
            writer.Varint(page - last);
            last = page;
        }
    }

    /// <summary>Checks the page numbers, and gives them if there is room for them.</summary>
    private static void ReadPages(in FrameFields fields, Span<uint> pages, string objectKey)
    {
        var reader = new ByteReader(fields.PageNumbers, objectKey, Part);
        ulong page = 0;
        for (int i = 0; i < fields.Images; i++)
        {
            ulong step = reader.Varint();
            if (step == 0 || step > fields.PageCount - page)
            {
                reader.Fail("the page numbers do not ascend, or pass the page count");
            }

            page += step;
            if (!pages.IsEmpty)
            {
                pages[i] = (uint)page;
            }
        }

        reader.End();
    }

    private static void CheckArguments(
        long version, long timeMs, uint pageCount, int pageBytes, ReadOnlySpan<uint> pages, ReadOnlySpan<byte> images)
    {
        Require(version is >= 1 and <= Limits.MaxVersion, "A commit's version is at least 1.", nameof(version));
        Require(Limits.IsTime(timeMs), "The time is out of range.", nameof(timeMs));
        Require(pageCount <= Limits.MaxPageCount, "There are too many pages.", nameof(pageCount));
        Require(pages.IsEmpty || Limits.IsPageSize(pageBytes), "SQLite has no pages of that size.", nameof(pageBytes));
        Require((long)pages.Length * pageBytes == images.Length, "Each page has one image.", nameof(images));
        uint last = 0;
        foreach (uint page in pages)
        {
            Require(page > last && page <= pageCount, "Page numbers ascend from 1 to the page count.", nameof(pages));
            last = page;
        }
    }

    private static void Require(bool holds, string message, string argument)
    {
        if (!holds)
        {
            throw new ArgumentException(message, argument);
        }
    }
}
