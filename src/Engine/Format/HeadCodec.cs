using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace OrleansSqlite.Format;

/// <summary>Heads to bytes and back. The layout is in docs/FORMAT.md.</summary>
internal static class HeadCodec
{
    private const int FixedBytes = 96;
    private const int CrcBytes = 4;
    private const int RecentBytes = 24;
    private const string Part = "head";

    private static ReadOnlySpan<byte> Magic => "OSQLITEH"u8;

    /// <summary>The rules that a head must keep by itself: before each swap and after each load.</summary>
    /// <returns>Null if all hold, else what is broken.</returns>
    public static string? Check(Head head) => HeadInvariants.FirstBroken(head);

    /// <summary>The bytes of a head.</summary>
    /// <exception cref="InvalidOperationException">A rule of <see cref="Check"/> is broken, or the head is larger than <see cref="Limits.MaxHeadBytes"/>.</exception>
    public static byte[] Encode(Head head)
    {
        if (Check(head) is { } broken)
        {
            throw new InvalidOperationException($"This head must not be written: {broken}.");
        }

        long variable = ListBytes(head) - FixedBytes - CrcBytes;
        long frames = head.Frames.Sum(frame => (long)frame.Bytes.Length);
        long length = FixedBytes + variable + CrcBytes + frames;
        if (length > Limits.MaxHeadBytes)
        {
            throw new InvalidOperationException($"A head has at most {Limits.MaxHeadBytes} bytes, not {length}: its frames belong in a segment.");
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)length);
        var writer = new ByteWriter(bytes);
        writer.Bytes(Magic);
        writer.U16(head.History is null ? (ushort)1 : Limits.HeadFormatVersion);
        writer.U16(0); // flags
        writer.U8((byte)head.State);
        writer.Bytes([0, 0, 0]);
        writer.Guid(head.DatabaseId);
        writer.I64(head.Version);
        writer.U128(head.SwapId.Value);
        writer.U64(head.CollectionEpoch);
        writer.I64(head.TimeMs);
        writer.U32((uint)head.PageBytes);
        writer.U32(head.PageCount);
        writer.U16((ushort)head.Recent.Length);
        writer.U16((ushort)head.Segments.Length);
        writer.U16((ushort)head.Frames.Length);
        writer.U16((ushort)(head.History?.Checkpoints.Length ?? 0));
        writer.U32((uint)variable);
        writer.U32((uint)frames);
        foreach (var commit in head.Recent)
        {
            writer.U128(commit.Id.Value);
            writer.I64(commit.TimeMs);
        }

        foreach (var entry in head.Segments)
        {
            SegmentEntryCodec.Write(ref writer, entry);
        }

        if (head.History is { } history)
        {
            HeadHistoryCodec.Write(ref writer, history, head.Segments);
        }

        writer.Crc();
        foreach (var frame in head.Frames)
        {
            writer.Bytes(frame.Bytes.Span);
        }

        return bytes;
    }

    /// <summary>The size of a head without its frames: what has to be read to know which objects it names.</summary>
    public static long ListBytes(Head head) =>
        FixedBytes
        + (head.Recent.Length * (long)RecentBytes)
        + head.Segments.Sum(entry => (long)SegmentEntryCodec.FixedBytes + entry.InlineIndex.Length)
        + (head.History is null ? 0 : HeadHistoryCodec.Bytes(head.History, head.Segments.Length))
        + CrcBytes;

    /// <summary>Reads a head and checks all of it but the packed images in its frames. Frames and inline indexes are slices of the content.</summary>
    /// <exception cref="DatabaseException">The head is damaged, or too new.</exception>
    public static Head Decode(ReadOnlyMemory<byte> content, string objectKey)
    {
        if (content.Length > Limits.MaxHeadBytes)
        {
            throw Corruption.Damaged(objectKey, $"a head has at most {Limits.MaxHeadBytes} bytes, not {content.Length}");
        }

        var reader = new ByteReader(content.Span, objectKey, Part);
        ushort format = Preamble.Read(ref reader, Magic, Limits.HeadFormatVersion, objectKey, Part, out ushort flags);
        reader.Take(FixedBytes - 8 - reader.Position);
        uint variable = reader.U32();
        uint frameBytes = reader.U32();
        if (FixedBytes + (long)variable + CrcBytes + frameBytes != content.Length)
        {
            reader.Fail("the length is wrong");
        }

        reader.Take((int)variable);
        uint crc = Crc32C.Compute(content.Span[..reader.Position]);
        if (reader.U32() != crc)
        {
            reader.Fail("the checksum is wrong");
        }

        Preamble.CheckFlags(flags, objectKey, Part);
        var head = ReadFields(format, content[..(FixedBytes + (int)variable)], content[reader.Position..], objectKey);
        if (Check(head) is { } broken)
        {
            throw Corruption.Damaged(objectKey, broken);
        }

        return head;
    }

    /// <summary>Reads the segments that a saved head names from its part before the frames.</summary>
    /// <exception cref="DatabaseException">It is damaged, or too new.</exception>
    public static ImmutableArray<SegmentEntry> DecodeSegments(ReadOnlyMemory<byte> lists, string objectKey)
    {
        var reader = new ByteReader(lists.Span, objectKey, Part);
        ushort format = Preamble.Read(ref reader, Magic, Limits.HeadFormatVersion, objectKey, Part, out ushort flags);
        if (lists.Length < FixedBytes + CrcBytes || Crc32C.Compute(lists.Span[..^CrcBytes]) != BinaryPrimitives.ReadUInt32LittleEndian(lists.Span[^CrcBytes..]))
        {
            reader.Fail("the checksum is wrong");
        }

        Preamble.CheckFlags(flags, objectKey, Part);
        return ReadFields(format, lists[..^CrcBytes], null, objectKey).Segments;
    }

    /// <summary>
    /// Reads as much of a damaged head as its checksums vouch for: its lists, and the frames before the first damaged one, as the head of the version
    /// that these reach. Null if the lists are damaged.
    /// </summary>
    /// <returns>That head, and the version that the whole one had.</returns>
    public static (Head Head, long Version)? DecodeIntact(ReadOnlyMemory<byte> content, string objectKey)
    {
        try
        {
            var reader = new ByteReader(content.Span, objectKey, Part);
            ushort format = Preamble.Read(ref reader, Magic, Limits.HeadFormatVersion, objectKey, Part, out ushort flags);
            reader.Take(FixedBytes - 8 - reader.Position);
            int lists = FixedBytes + (int)Math.Min(reader.U32(), Limits.MaxHeadBytes);
            int frameCount = BinaryPrimitives.ReadUInt16LittleEndian(content.Span[84..]);
            if (content.Length < lists + CrcBytes || Crc32C.Compute(content.Span[..lists]) != BinaryPrimitives.ReadUInt32LittleEndian(content.Span[lists..]))
            {
                return null;
            }

            Preamble.CheckFlags(flags, objectKey, Part);
            var stated = ReadFields(format, content[..lists], null, objectKey);
            var frames = IntactFrames(content[(lists + CrcBytes)..], frameCount, stated.PageBytes, objectKey);
            int lost = frameCount - frames.Length;
            uint? pageCount = frames is [.., var last] ? last.PageCount : frameCount == 0 ? stated.PageCount : stated.History?.BasePageCount;
            var head = stated with
            {
                Version = stated.Version - lost,
                PageCount = pageCount ?? 0,
                PageBytes = pageCount is null or 0 ? 0 : stated.PageBytes,
                Recent = stated.Recent[..Math.Max(0, stated.Recent.Length - lost)],
                Frames = frames,
            };
            return pageCount is not null && Check(head) is null ? (head, stated.Version) : null;
        }
        catch (DatabaseException)
        {
            return null;
        }
    }

    private static ImmutableArray<EncodedFrame> IntactFrames(ReadOnlyMemory<byte> bytes, int count, int pageBytes, string objectKey)
    {
        var frames = ImmutableArray.CreateBuilder<EncodedFrame>();
        try
        {
            while (frames.Count < count)
            {
                var frame = FrameCodec.Read(bytes, pageBytes, objectKey);
                FrameCodec.Decode(frame, pageBytes, objectKey);
                frames.Add(frame);
                bytes = bytes[frame.Bytes.Length..];
            }
        }
        catch (DatabaseException)
        {
            // What follows can't be found without it.
        }

        return frames.ToImmutable();
    }

    /// <summary>Reads the fields behind a right checksum: what is unknown here is new, what is out of range was written by a bug.</summary>
    private static Head ReadFields(ushort format, ReadOnlyMemory<byte> described, ReadOnlyMemory<byte>? frames, string objectKey)
    {
        var reader = new ByteReader(described.Span, objectKey, Part);
        reader.Take(Preamble.Bytes);
        var state = (HeadState)reader.U8();
        bool reserved = reader.Take(3).ContainsAnyExcept((byte)0);
        var databaseId = reader.Guid();
        long version = reader.I64();
        var swapId = new CommitId(reader.U128());
        ulong epoch = reader.U64();
        long timeMs = reader.I64();
        uint pageBytes = reader.U32();
        uint pageCount = reader.U32();
        int recentCount = reader.U16();
        int segmentCount = reader.U16();
        int frameCount = reader.U16();
        int checkpointCount = reader.U16();
        reserved |= format == 1 && checkpointCount != 0;
        reader.Take(8);
        if (reserved || state is not (HeadState.Live or HeadState.Tombstone))
        {
            throw Corruption.TooNew(objectKey, "its head uses a state or a field that is unknown here");
        }

        if (pageBytes != 0 && !Limits.IsPageSize(pageBytes))
        {
            reader.Fail("the page size is wrong");
        }

        var recent = ReadRecent(ref reader, recentCount);
        var segments = ReadEntries(ref reader, described, segmentCount, objectKey);
        var history = format == 1 ? null : HeadHistoryCodec.Read(ref reader, ref segments, checkpointCount);
        reader.End();
        return new Head
        {
            DatabaseId = databaseId,
            State = state,
            Version = version,
            SwapId = swapId,
            CollectionEpoch = epoch,
            TimeMs = timeMs,
            PageBytes = (int)pageBytes,
            PageCount = pageCount,
            Recent = recent,
            History = history,
            Segments = segments,
            Frames = frames is { } bytes ? ReadFrames(bytes, frameCount, (int)pageBytes, objectKey) : [],
        };
    }

    // Each list is checked for its smallest size first, so that memory is taken only for what is there.
    private static ImmutableArray<CommitRecord> ReadRecent(ref ByteReader reader, int count)
    {
        if (count * (long)RecentBytes > reader.Remaining)
        {
            reader.Fail("the list of recent commits ends too early");
        }

        var recent = new CommitRecord[count];
        for (int i = 0; i < count; i++)
        {
            recent[i] = new CommitRecord(new CommitId(reader.U128()), reader.I64());
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(recent);
    }

    private static ImmutableArray<SegmentEntry> ReadEntries(ref ByteReader reader, ReadOnlyMemory<byte> described, int count, string objectKey)
    {
        if (count * (long)SegmentEntryCodec.FixedBytes > reader.Remaining)
        {
            reader.Fail("the list of segments ends too early");
        }

        var entries = new SegmentEntry[count];
        for (int i = 0; i < count; i++)
        {
            entries[i] = SegmentEntryCodec.Read(ref reader, described, objectKey, Part);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(entries);
    }

    private static ImmutableArray<EncodedFrame> ReadFrames(ReadOnlyMemory<byte> bytes, int count, int pageBytes, string objectKey)
    {
        if (count * (long)FrameCodec.MinBytes > bytes.Length)
        {
            throw Corruption.Damaged(objectKey, "its frames end too early");
        }

        var frames = new EncodedFrame[count];
        for (int i = 0; i < count; i++)
        {
            frames[i] = FrameCodec.Read(bytes, pageBytes, objectKey);
            bytes = bytes[frames[i].Bytes.Length..];
        }

        if (!bytes.IsEmpty)
        {
            throw Corruption.Damaged(objectKey, "bytes follow its last frame");
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(frames);
    }
}
