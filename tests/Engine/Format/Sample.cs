using System.Collections.Immutable;
using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

/// <summary>
/// Heads, frames and segments to test with, all decided by a seed. The generator (SplitMix64) is written out here because the
/// golden files depend on it.
/// </summary>
internal sealed class Sample(ulong seed)
{
    private ulong state = seed;

    public static readonly int[] PageSizes = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];

    /// <summary>A time in 2026.</summary>
    public const long TimeMs = 1_790_000_000_000;

    /// <summary>A write that was left, with a value of every kind.</summary>
    public static InboxEntry Entry() => new()
    {
        Id = InboxId.Create(TimeMs, new Entropy(1)),
        DatabaseId = new Guid("00112233-4455-6677-8899-aabbccddeeff"),
        CollectionEpoch = 3,
        LifetimeSeconds = 60,
        Batch = new Batch(
            new Statement("INSERT INTO t VALUES (?, ?, ?, ?, ?)", null, -7, 0.5, "größer", new byte[] { 0, 255 }),
            Statement.WithNames("UPDATE t SET a = :a", new Dictionary<string, SqlValue> { ["a"] = SqlValue.From(long.MinValue) }),
            new Statement("DELETE FROM t"))
        {
            OperationId = "order-17",
        },
    };

    /// <summary>The same, of which its caller has been told something already.</summary>
    public static InboxEntry ToldEntry() => Entry() with
    {
        Telling = new Telling
        {
            Settings = "11 10000010101 0 ",
            Key = new UInt128(1, 2),
            LastInsertRowId = -3,
            TellsRowIds = true,
            Statements =
            [
                new Told(2, false, 1, 7, (1, 2, 3, ulong.MaxValue), null),
                new Told(0, true, 0, 7, (4, 5, 6, 7), "2067: SQLite Error 19: 'UNIQUE constraint failed: t.a'."),
                new Told(long.MaxValue, true, int.MaxValue, long.MinValue, (0, 0, 0, 0), null),
            ],
        },
    };

    public ulong Next()
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    public int Below(int bound) => (int)(Next() % (uint)bound);

    public UInt128 Id() => new(Next(), Next());

    public Guid Guid()
    {
        Span<byte> bytes = stackalloc byte[16];
        Noise(bytes);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>Bytes that no codec makes smaller.</summary>
    public void Noise(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(Next() >> 56);
        }
    }

    /// <summary>Bytes that look like pages of a database: records with text in common, and runs of zeros.</summary>
    public void Text(Span<byte> bytes)
    {
        ReadOnlySpan<byte> words = "INSERT customer order invoice Alice Bob 2026-11-22 pending shipped {\"id\":, \"total\":"u8;
        bytes.Clear();
        for (int at = Below(16); at + 48 < bytes.Length; at += 16 + Below(32))
        {
            int from = Below(words.Length - 16);
            words.Slice(from, 16).CopyTo(bytes[at..]);
            bytes[at + Below(16)] = (byte)Next();
        }
    }

    /// <summary>Ascending page numbers up to a bound.</summary>
    public uint[] Pages(int count, uint bound)
    {
        SortedSet<uint> pages = [];
        while (pages.Count < count)
        {
            pages.Add(1 + (uint)(Next() % bound));
        }

        return [.. pages];
    }

    public byte[] Images(int count, int pageBytes, bool noise = false)
    {
        byte[] images = new byte[count * pageBytes];
        if (noise)
        {
            Noise(images);
        }
        else
        {
            Text(images);
        }

        return images;
    }

    public EncodedFrame Frame(long version, uint pageCount, int pageBytes, int images, bool noise = false) =>
        FrameCodec.Encode(
            version, new CommitId(Id()), TimeMs + version, pageCount, pageBytes, Pages(images, pageCount), Images(images, pageBytes, noise));

    public SegmentObject Segment(
        SegmentKind kind, int pageBytes, uint firstPage, int images, long minVersion, long maxVersion, int commits = 0, bool noise = false,
        ulong epoch = 1)
    {
        var builder = new SegmentBuilder(new SegmentId(Id()), Guid(), pageBytes, kind, quality: 4);
        uint page = firstPage;
        for (int i = 0; i < images; i++)
        {
            builder.Add(page, Images(1, pageBytes, noise));
            page += kind == SegmentKind.Dense ? 1 : 1 + (uint)Below(300);
        }

        var list = new (long Version, CommitRecord Commit)[commits];
        for (int i = 0; i < commits; i++)
        {
            list[i] = (minVersion + i, new CommitRecord(new CommitId(Id()), TimeMs + i));
        }

        return builder.Finish(minVersion, maxVersion, epoch, list);
    }

    /// <summary>A history that fits a head: lists of saved heads, saved heads, each beginning where the one before it ends.</summary>
    public HeadHistory History(Head head, int checkpoints, params string[] sources)
    {
        long each = Math.Max(1, head.Version / (checkpoints + 1));
        var entries = Enumerable.Range(0, checkpoints).Select(i => new CheckpointEntry
        {
            Level = (byte)(i < checkpoints / 2 ? 1 : 0),
            Id = new CheckpointId(Id()),
            FirstVersion = i * each,
            LastVersion = (i + 1) * each,
            LastTimeMs = TimeMs + i,
            ObjectBytes = 5000 + (uint)Below(5000),
            ListBytes = 1000 + (uint)Below(4000),
        });
        return new HeadHistory
        {
            BasePageCount = head.PageCount,
            RetentionSeconds = 86_400 + (uint)Below(1000),
            CollectedAtMs = TimeMs,
            Checkpoints = [.. entries],
            Sources = [.. sources],
        };
    }

    /// <summary>A valid head of format version 2, some of whose segments lie in other databases.</summary>
    public Head HeadWithHistory(int pageBytes, int segments, int frames, int recent, int checkpoints)
    {
        string[] sources = ["other", "the-first.of-all"];
        var head = Head(pageBytes, segments, frames, recent);
        return head with
        {
            Segments = [.. head.Segments.Select((entry, i) => i % 3 == 0 ? entry : entry with { Home = sources[i % 3 - 1] })],
            History = History(head, checkpoints, sources),
        };
    }

    /// <summary>A valid head with some of everything.</summary>
    public Head Head(int pageBytes, int segments, int frames, int recent, int imagesPerFrame = 2, int imagesPerSegment = 4)
    {
        uint pageCount = 1000;
        long oldest = 10L * segments;
        long version = oldest + Math.Max(frames, recent);
        var list = ImmutableArray.CreateBuilder<SegmentEntry>();
        for (int i = segments; i > 0; i--)
        {
            var kind = i % 2 == 0 ? SegmentKind.Sparse : SegmentKind.Dense;
            var made = Segment(kind, pageBytes, 1 + (uint)Below(50), 1 + Below(imagesPerSegment), 10L * i - 9, 10L * i, commits: 3);
            list.Add(made.Entry);
        }

        EncodedFrame[] inline = [.. Enumerable.Range(0, frames)
            .Select(i => Frame(version - frames + 1 + i, pageCount, pageBytes, i % (imagesPerFrame + 1), noise: i % 2 == 0))];
        var commits = Enumerable.Range(0, recent).Select(i => version - recent + 1 + i)
            .Select(v => inline.FirstOrDefault(f => f.Version == v) is { } frame
                ? new CommitRecord(frame.Id, frame.TimeMs)
                : new CommitRecord(new CommitId(Id()), TimeMs + v));
        return new Head
        {
            DatabaseId = Guid(),
            State = HeadState.Live,
            Version = version,
            SwapId = new CommitId(Id()),
            CollectionEpoch = 1,
            TimeMs = TimeMs + version,
            PageBytes = version == 0 ? 0 : pageBytes,
            PageCount = version == 0 ? 0 : pageCount,
            Recent = [.. commits],
            Segments = list.ToImmutable(),
            Frames = [.. inline],
        };
    }
}
