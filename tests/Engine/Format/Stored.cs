using System.Buffers.Binary;
using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

/// <summary>
/// The things that are decoded, each as bytes: how to read all of it, how much memory that may take beyond its own size,
/// and how to make its checksums right again after a change (so that the checks behind them are reached).
/// </summary>
internal abstract class Stored
{
    public abstract byte[] Bytes { get; }

    /// <summary>Decodes all of it, and checks what came out.</summary>
    public abstract object Read(byte[] bytes);

    /// <summary>Makes all checksums right that can be found.</summary>
    public abstract void Reseal(byte[] bytes);

    public virtual long DeclaredBytes => 0;

    protected static uint U32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    protected static void Seal(Span<byte> checkedBytes, Span<byte> crc, uint seed = 0) =>
        BinaryPrimitives.WriteUInt32LittleEndian(crc, Crc32C.Compute(checkedBytes, seed));

    public sealed class StoredFrame(int pageBytes, int images, bool noise) : Stored
    {
        public override byte[] Bytes { get; } =
            new Sample(11).Frame(3, 5000, pageBytes, images, noise).Bytes.ToArray();

        public override long DeclaredBytes => Limits.MaxFrameRawBytes;

        public override object Read(byte[] bytes)
        {
            var frame = new EncodedFrame { Version = 0, Id = default, TimeMs = 0, PageCount = 0, Images = 0, RawBytes = 0, Bytes = bytes };
            var decoded = FrameCodec.Decode(frame, pageBytes, Refusal.Key);
            var read = FrameCodec.Read(bytes, pageBytes, Refusal.Key);
            Assert.Equal(read.Images, decoded.Pages.Length);
            Assert.Equal(read.RawBytes, decoded.Images.Length);
            Assert.Equal(decoded.Pages.Length * pageBytes, decoded.Images.Length);
            Assert.Equal(decoded.Pages.Distinct().Order(), decoded.Pages);
            Assert.All(decoded.Pages, page => Assert.InRange(page, 1u, read.PageCount));
            return decoded;
        }

        public override void Reseal(byte[] bytes)
        {
            if (bytes.Length >= 4)
            {
                Seal(bytes.AsSpan(0, bytes.Length - 4), bytes.AsSpan(bytes.Length - 4));
            }
        }
    }

    public sealed class StoredHead(bool hasHistory = false) : Stored
    {
        public override byte[] Bytes { get; } =
            HeadCodec.Encode(hasHistory ? new Sample(12).HeadWithHistory(512, 2, 3, 4, 4) : new Sample(12).Head(512, 2, 3, 4));

        public override object Read(byte[] bytes)
        {
            var head = HeadCodec.Decode(bytes, Refusal.Key);
            Assert.Null(HeadCodec.Check(head));
            Assert.True(HeadCodec.Encode(head).AsSpan().SequenceEqual(bytes), "two forms of the same head");
            return head;
        }

        /// <summary>Reads what a load of the head reads; the checks of <see cref="Read"/> take memory of their own.</summary>
        public override long DeclaredBytes => 65_536;

        public override void Reseal(byte[] bytes) => ResealHead(bytes);

        /// <summary>Makes the checksums of a head right, and those of its frames.</summary>
        public static void ResealHead(Span<byte> bytes)
        {
            if (bytes.Length < 100 || U32(bytes[88..]) > bytes.Length - 100)
            {
                return;
            }

            int end = 96 + (int)U32(bytes[88..]);
            Seal(bytes[..end], bytes[end..]);
            var frames = bytes[(end + 4)..];
            while (frames.Length >= 4 && U32(frames) is >= 8 and var length && length <= frames.Length)
            {
                Seal(frames[..((int)length - 4)], frames[((int)length - 4)..]);
                frames = frames[(int)length..];
            }
        }
    }

    public class StoredEntry : Stored
    {
        public override byte[] Bytes { get; } = Sample.Entry().TryEncode()!;

        /// <summary>A statement and a value take more in memory than the bytes that stand for them.</summary>
        public override long DeclaredBytes => 200 * Bytes.Length;

        public override object Read(byte[] bytes) => InboxEntry.Decode(bytes, Refusal.Key);

        public override void Reseal(byte[] bytes)
        {
            if (bytes.Length >= 4)
            {
                Seal(bytes.AsSpan(0, bytes.Length - 4), bytes.AsSpan(bytes.Length - 4));
            }
        }
    }

    public sealed class StoredToldEntry : StoredEntry
    {
        public override byte[] Bytes { get; } = Sample.ToldEntry().TryEncode()!;
    }

    public sealed class StoredCheckpointList : Stored
    {
        private static readonly Guid DatabaseId = new Sample(17).Guid();
        private static readonly CheckpointEntry[] Entries = [.. new Sample(18).History(new Sample(18).Head(512, 2, 3, 4), 4).Checkpoints];

        /// <summary>What a head says of it.</summary>
        private static readonly CheckpointEntry Listed = Entries[0] with { Level = 2, LastVersion = Entries[^1].LastVersion };

        public override byte[] Bytes { get; } = CheckpointList.Encode(DatabaseId, Entries);

        public override object Read(byte[] bytes)
        {
            var entries = CheckpointList.Decode(bytes, Listed, DatabaseId, Refusal.Key);
            Assert.Null(CheckpointInvariants.FirstBroken(entries, Listed.LastVersion));
            Assert.All(entries, entry => Assert.True(entry.Level < Listed.Level));
            Assert.True(CheckpointList.Encode(DatabaseId, entries).AsSpan().SequenceEqual(bytes), "two forms of the same list");
            return entries;
        }

        public override void Reseal(byte[] bytes)
        {
            if (bytes.Length >= 4)
            {
                Seal(bytes.AsSpan(0, bytes.Length - 4), bytes.AsSpan(bytes.Length - 4));
            }
        }
    }

    public sealed class StoredPin : Stored
    {
        private const int HeldAt = 44 + 4 + 4;

        public override byte[] Bytes { get; } = new Pin
        {
            Kind = PinKind.Fork,
            Name = "copy",
            Owner = "shop",
            DatabaseId = new Sample(19).Guid(),
            TimeMs = Sample.TimeMs,
            Held = new Sample(19).HeadWithHistory(512, 2, 1, 2, 2),
        }.Encode();

        /// <summary>As for the head that it holds.</summary>
        public override long DeclaredBytes => 131_072;

        public override object Read(byte[] bytes)
        {
            var pin = Pin.Decode(bytes, Refusal.Key);
            Assert.Null(HeadCodec.Check(pin.Held));
            Assert.True(DatabaseName.IsValid(pin.Name) && DatabaseName.IsValid(pin.Owner));
            Assert.True(pin.Encode().AsSpan().SequenceEqual(bytes), "two forms of the same pin");
            return pin;
        }

        public override void Reseal(byte[] bytes)
        {
            if (bytes.Length > HeldAt + 4)
            {
                StoredHead.ResealHead(bytes.AsSpan(HeldAt, bytes.Length - HeldAt - 4));
            }

            if (bytes.Length >= 4)
            {
                Seal(bytes.AsSpan(0, bytes.Length - 4), bytes.AsSpan(bytes.Length - 4));
            }
        }
    }

    public sealed class StoredSegment(SegmentKind kind, bool noise) : Stored
    {
        public override byte[] Bytes { get; } = Make(kind, noise);

        public override long DeclaredBytes => 4 * Limits.MaxBlockRawBytes;

        public override object Read(byte[] bytes)
        {
            var (header, index) = SegmentIndex.ReadObject(bytes, Refusal.Key);
            byte[] raw = new byte[Limits.MaxBlockRawBytes];
            for (int i = 0; i < index.BlockCount; i++)
            {
                var location = index.Block(i);
                var stored = bytes.AsSpan((int)location.Offset, location.StoredBytes);
                SegmentIndex.DecodeBlock(stored, location, raw.AsSpan(0, location.Images * header.PageBytes), Refusal.Key);
            }

            StoredIndex.Verify(index);
            return index;
        }

        public override void Reseal(byte[] bytes)
        {
            if (bytes.Length < SegmentLayout.HeaderBytes + SegmentLayout.FooterBytes)
            {
                return;
            }

            Seal(bytes.AsSpan(0, 48), bytes.AsSpan(48));
            var footer = bytes.AsSpan(bytes.Length - SegmentLayout.FooterBytes);
            Seal(footer[..12], footer[12..]);
            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(footer);
            uint length = U32(footer[8..]);
            if (length >= 4 && offset < (ulong)bytes.Length && length <= bytes.Length - (int)offset)
            {
                var index = bytes.AsSpan((int)offset, (int)length);
                ResealBlocks(bytes.AsSpan(0, (int)offset), index);
                Seal(index[..^4], index[^4..]);
            }
        }

        /// <summary>Makes the checksums of the blocks right, as far as the index still leads to them.</summary>
        private static void ResealBlocks(Span<byte> blocks, Span<byte> index)
        {
            try
            {
                var header = new ByteReader(blocks, Refusal.Key, "header");
                header.Take(16);
                var id = new SegmentId(header.U128());
                var reader = new ByteReader(index, Refusal.Key, "index");
                bool sparse = reader.U8() == (byte)SegmentKind.Sparse;
                reader.U32();
                uint images = reader.U32();
                int perBlock = Math.Max((ushort)1, reader.U16());
                reader.Take(16);
                for (uint i = 1; sparse && i < images; i++)
                {
                    reader.Varint();
                }

                int at = SegmentLayout.HeaderBytes;
                for (int i = 0; i < SegmentLayout.BlockCount(images, perBlock); i++)
                {
                    ulong stored = reader.Varint();
                    reader.U8();
                    int crc = reader.Position;
                    reader.U32();
                    if (at > blocks.Length || stored > (ulong)(blocks.Length - at))
                    {
                        return;
                    }

                    Seal(blocks.Slice(at, (int)stored), index[crc..], SegmentLayout.BlockSeed(id, i));
                    at += (int)stored;
                }
            }
            catch (DatabaseException)
            {
                // The index is too broken to follow; so much the better.
            }
        }

        private static byte[] Make(SegmentKind kind, bool noise)
        {
            var sample = new Sample(13);
            var builder = new SegmentBuilder(new SegmentId(sample.Id()), sample.Guid(), 512, kind, quality: 4);
            for (uint i = 0; i < (noise ? 5 : 140); i++)
            {
                byte[] image = new byte[512];
                sample.Noise(noise ? image : image.AsSpan(0, 3));
                builder.Add(7 + i * (kind == SegmentKind.Dense ? 1u : 200), image);
            }

            (long, CommitRecord)[] commits = [(4, new CommitRecord(new CommitId(sample.Id()), 1)), (90, new CommitRecord(default, 2))];
            return builder.Finish(4, 90, 1, commits).Content.ToArray();
        }
    }

    public sealed class StoredIndex : Stored
    {
        private readonly SegmentEntry entry;

        public StoredIndex(SegmentKind kind)
        {
            var made = new Sample(14).Segment(kind, 4096, 7, 40, 4, 90, commits: 3);
            entry = made.Entry;
            Bytes = made.Entry.InlineIndex.ToArray();
        }

        public override byte[] Bytes { get; }

        public override object Read(byte[] bytes)
        {
            var index = SegmentIndex.Decode(bytes, entry, Refusal.Key);
            Verify(index);
            return index;
        }

        public override void Reseal(byte[] bytes)
        {
            if (bytes.Length >= 4)
            {
                Seal(bytes.AsSpan(0, bytes.Length - 4), bytes.AsSpan(bytes.Length - 4));
            }
        }

        /// <summary>Checks what any index that was read must satisfy.</summary>
        public static void Verify(SegmentIndex index)
        {
            long offset = SegmentLayout.HeaderBytes;
            int ordinal = 0;
            for (int i = 0; i < index.BlockCount; i++)
            {
                var block = index.Block(i);
                Require(block.Offset == offset && block.FirstOrdinal == ordinal && block.Images > 0);
                offset += block.StoredBytes;
                ordinal += block.Images;
            }

            Require(ordinal == index.Images);
            for (int i = 0; i < ordinal; i++)
            {
                Require(index.TryFind(index.PageAt(i), out int block, out int slot) && index.Block(block).FirstOrdinal + slot == i);
            }

            Require(ordinal == 0 || (index.PageAt(0) == index.FirstPage && index.PageAt(ordinal - 1) == index.LastPage));
            Require(index.Commits.All(c => c.Version >= index.MinVersion && c.Version <= index.MaxVersion && Limits.IsTime(c.Commit.TimeMs)));
        }

        private static void Require(bool holds) => Assert.True(holds, "an index was accepted that is not well formed");
    }
}
