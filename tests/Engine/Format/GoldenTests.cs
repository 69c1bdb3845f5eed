using System.Text;
using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

/// <summary>
/// The files in <c>golden/</c> are what the first version of the format stored. They are never written again: a database
/// in somebody's bucket looks like them. If a test here fails, the code has changed the format. Then either that was an
/// accident, and the code is wrong; or it is meant, and then there is a new format version, which gets files of its own
/// beside these, and the code still reads these (docs/FORMAT.md, "How the format changes").
/// </summary>
/// <remarks>
/// What Brotli makes of given bytes may change with the runtime, and any stream that unpacks to the same is as good. So files with
/// packed parts are compared after unpacking, and all others byte by byte; the frames of heads are carried verbatim and count as such.
/// A file that is missing is made if the environment variable ORLEANSSQLITE_NEW_GOLDEN is set: for a new format version.
/// </remarks>
public sealed class GoldenTests
{
    private const string Key = "app/head";
    private static readonly Guid DatabaseId = new("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly SegmentId SparseId = new(new UInt128(0x5e6d_0001_0203_0407, 0x1112_1417_2b3c_4d5e));
    private static readonly SegmentId DenseId = new(new UInt128(0xde45_e001_0203_0407, 0x1112_1417_2b3c_4d5e));

    [Fact]
    public void Frame_as_it_is()
    {
        byte[] golden = Golden("plain.frame", () => PlainFrame().Bytes.ToArray());

        Assert.True(PlainFrame().Bytes.Span.SequenceEqual(golden));
        var read = FrameCodec.Read(golden, 512, Key);
        Assert.Equal((7L, Commit(7), Time(7), 300u, 3, 1536),
            (read.Version, read.Id, read.TimeMs, read.PageCount, read.Images, read.RawBytes));
        var decoded = FrameCodec.Decode(read, 512, Key);
        Assert.Equal([1u, 2u, 300u], decoded.Pages);
        Assert.Equal(new Sample(7).Images(3, 512, noise: true), decoded.Images);
        Assert.Equal((byte)Codec.None, golden[44]);
    }

    [Fact]
    public void Frame_packed()
    {
        byte[] golden = Golden("packed.frame", () => PackedFrame().Bytes.ToArray());

        var read = FrameCodec.Read(golden, 512, Key);
        Assert.Equal((8L, Commit(8), Time(8), 300u, 4, 2048),
            (read.Version, read.Id, read.TimeMs, read.PageCount, read.Images, read.RawBytes));
        var decoded = FrameCodec.Decode(read, 512, Key);
        Assert.Equal([1u, 128u, 129u, 257u], decoded.Pages);
        Assert.Equal([.. Page(1), .. Page(128), .. Page(129), .. Page(257)], decoded.Images);
        Assert.Equal((byte)Codec.Brotli, golden[44]);
        Assert.True(FrameCodec.Decode(PackedFrame(), 512, Key).Images.AsSpan().SequenceEqual(decoded.Images));
    }

    [Fact]
    public void Write_that_was_left()
    {
        byte[] golden = Golden("write.inbox", () => Sample.Entry().TryEncode()!);

        Assert.Equal(golden, Sample.Entry().TryEncode());
        var (made, read) = (Sample.Entry(), InboxEntry.Decode(golden, Key));
        Assert.Equal((made.Id, made.DatabaseId, made.CollectionEpoch, made.LifetimeSeconds), (read.Id, read.DatabaseId, read.CollectionEpoch, read.LifetimeSeconds));
        Assert.Equal(made.Batch.OperationId, read.Batch.OperationId);
        Assert.Equal(made.Batch.Statements.Select(one => one.Sql), read.Batch.Statements.Select(one => one.Sql));
        Assert.Equal(made.Batch.Statements.SelectMany(one => one.Positional), read.Batch.Statements.SelectMany(one => one.Positional));
        Assert.Equal(made.Batch.Statements.SelectMany(one => one.Named), read.Batch.Statements.SelectMany(one => one.Named));
    }

    [Fact]
    public void Write_that_was_left_with_what_its_caller_was_told()
    {
        byte[] golden = Golden("told.inbox", () => Sample.ToldEntry().TryEncode()!);

        Assert.Equal(golden, Sample.ToldEntry().TryEncode());
        var (made, read) = (Sample.ToldEntry().Telling!, InboxEntry.Decode(golden, Key).Telling!);
        Assert.Equal(made with { Statements = [] }, read with { Statements = [] });
        Assert.Equal(made.Statements, read.Statements);
        RefusesDamage(golden, bytes => InboxEntry.Decode(bytes, Key));
    }

    [Fact]
    public void Results_of_a_write_that_was_left()
    {
        byte[] golden = Golden("inbox.results", () => InboxResults.Encode("[]"u8));

        Assert.Equal(golden, InboxResults.Encode("[]"u8));
        Assert.Equal("[]"u8.ToArray(), InboxResults.Decode(golden, Key).ToArray());
        RefusesDamage(golden, bytes => InboxResults.Decode(bytes, Key));
    }

    [Fact]
    public void Frame_that_names_tables()
    {
        byte[] golden = Golden("named.frame", () => NamedFrame().Bytes.ToArray());

        Assert.True(NamedFrame().Bytes.Span.SequenceEqual(golden));
        Assert.Equal(["item", "order"], FrameCodec.Tables(FrameCodec.Read(golden, 512, Key), 512, Key)!);
        Assert.Equal([1u, 2u, 300u], FrameCodec.Decode(FrameCodec.Read(golden, 512, Key), 512, Key).Pages);
        Assert.Equal((byte)Codec.None | FrameCodec.HasTables, golden[44]);
        RefusesDamage(golden, bytes => FrameCodec.Read(bytes, 512, Key));
    }

    [Fact]
    public void Head_that_is_live()
    {
        byte[] golden = Golden("live.head", () => HeadCodec.Encode(LiveHead()));

        Assert.True(HeadCodec.Encode(LiveHead()).AsSpan().SequenceEqual(golden));
        HeadCodecTests.AssertSame(LiveHead(), HeadCodec.Decode(golden, Key));
    }

    [Fact]
    public void Head_of_an_empty_database()
    {
        byte[] golden = Golden("empty.head", () => HeadCodec.Encode(EmptyHead()));

        Assert.True(HeadCodec.Encode(EmptyHead()).AsSpan().SequenceEqual(golden));
        HeadCodecTests.AssertSame(EmptyHead(), HeadCodec.Decode(golden, Key));
    }

    [Fact]
    public void Head_that_is_a_tombstone()
    {
        byte[] golden = Golden("tombstone.head", () => HeadCodec.Encode(Tombstone()));

        Assert.True(HeadCodec.Encode(Tombstone()).AsSpan().SequenceEqual(golden));
        HeadCodecTests.AssertSame(Tombstone(), HeadCodec.Decode(golden, Key));
    }

    [Fact]
    public void Segment_as_it_is()
    {
        byte[] golden = Golden("sparse.segment", () => SparseSegment().Content.ToArray());

        Assert.True(SparseSegment().Content.Span.SequenceEqual(golden));
        var (header, index) = SegmentIndex.ReadObject(golden, Key);
        Assert.Equal(new SegmentHeader(512, SparseId, DatabaseId), header);
        Assert.Equal((SegmentKind.Sparse, 2L, 5L, 1), (index.Kind, index.MinVersion, index.MaxVersion, index.BlockCount));
        Assert.Equal([3u, 4u, 1000u, 70_000u], index.SparsePages.ToArray());
        Assert.Equal([(2, new CommitRecord(Commit(2), Time(2))), (5, new CommitRecord(Commit(5), Time(5)))], index.Commits);
        Assert.Equal(Codec.None, index.Block(0).Codec);
        Assert.Equal(new Sample(5).Images(4, 512, noise: true), Unpack(golden, index, 512));
    }

    [Fact]
    public void Segment_packed()
    {
        byte[] golden = Golden("dense.segment", () => DenseSegment().Content.ToArray());

        var (header, index) = SegmentIndex.ReadObject(golden, Key);
        Assert.Equal(new SegmentHeader(512, DenseId, DatabaseId), header);
        SegmentIndex.Decode(golden.AsMemory(395, 45), DenseEntry(), Key);
        Assert.Equal(464, golden.Length);
        Assert.Equal((SegmentKind.Dense, 1L, 1L, 2), (index.Kind, index.MinVersion, index.MaxVersion, index.BlockCount));
        Assert.Equal((1u, 130u, 130u), (index.FirstPage, index.LastPage, index.Images));
        Assert.Empty(index.Commits);
        Assert.Equal((Codec.Brotli, Codec.Brotli), (index.Block(0).Codec, index.Block(1).Codec));
        byte[] expected = [.. Enumerable.Range(1, 130).SelectMany(i => Page((uint)i))];
        Assert.Equal(expected, Unpack(golden, index, 512));
        var made = DenseSegment();
        Assert.Equal(expected, Unpack(made.Content.Span, made.Index, 512));
    }

    [Fact]
    public void Head_with_a_history()
    {
        byte[] golden = Golden("live.v2.head", () => HeadCodec.Encode(HeadWithHistory()));

        Assert.True(HeadCodec.Encode(HeadWithHistory()).AsSpan().SequenceEqual(golden));
        var read = HeadCodec.Decode(golden, Key);
        HeadCodecTests.AssertSame(HeadWithHistory() with { History = null }, read with { History = null });
        var (expected, history) = (HeadWithHistory().History!, read.History!);
        Assert.Equal((expected.BasePageCount, expected.RetentionSeconds, expected.CollectedAtMs), (history.BasePageCount, history.RetentionSeconds, history.CollectedAtMs));
        Assert.Equal<CheckpointEntry>([.. expected.Checkpoints], [.. history.Checkpoints]);
        Assert.Equal<string>([.. expected.Sources], [.. history.Sources]);
        Assert.Equal([null, "parent"], read.Segments.Select(entry => entry.Home));
        Assert.Equal(2, golden[8]);
        Assert.Equal(["parent"], HeadCodec.DecodeSegments(golden.AsMemory(0, (int)HeadCodec.ListBytes(read)), Key).Select(entry => entry.Home).OfType<string>());
    }

    [Fact]
    public void List_of_checkpoints()
    {
        byte[] golden = Golden("checkpoints.list", () => CheckpointList.Encode(DatabaseId, Saved()));
        var listed = Saved()[0] with { Level = 1, LastVersion = 7 };

        Assert.True(CheckpointList.Encode(DatabaseId, Saved()).AsSpan().SequenceEqual(golden));
        Assert.Equal(Saved(), CheckpointList.Decode(golden, listed, DatabaseId, Key));
        foreach (var other in (CheckpointEntry[])[listed with { FirstVersion = 2 }, listed with { LastVersion = 8 }, listed with { Level = 0 }])
        {
            Assert.Equal(ErrorCodes.Damaged, Assert.Throws<DatabaseException>(() => CheckpointList.Decode(golden, other, DatabaseId, Key)).Code);
        }

        Assert.Equal(ErrorCodes.Damaged, Assert.Throws<DatabaseException>(() => CheckpointList.Decode(golden, listed, Guid.Empty, Key)).Code);
        RefusesDamage(golden, bytes => CheckpointList.Decode(bytes, listed, DatabaseId, Key));
    }

    [Fact]
    public void Pin_of_a_fork()
    {
        var pin = new Pin { Kind = PinKind.Fork, Name = "copy", Owner = "app", DatabaseId = new Guid(1, 2, 3, new byte[8]), TimeMs = Time(9), Held = HeadWithHistory() };
        byte[] golden = Golden("fork.pin", () => pin.Encode());

        Assert.True(pin.Encode().AsSpan().SequenceEqual(golden));
        var read = Pin.Decode(golden, Key);
        Assert.Equal(pin with { Held = read.Held }, read);
        Assert.Equal(HeadCodec.Encode(HeadWithHistory()), HeadCodec.Encode(read.Held));
        RefusesDamage(golden, bytes => Pin.Decode(bytes, Key));
    }

    /// <summary>A byte that is wrong, and an end that is missing, anywhere.</summary>
    private static void RefusesDamage(byte[] golden, Action<byte[]> read)
    {
        for (int at = 0; at < golden.Length; at++)
        {
            byte[] damaged = [.. golden];
            damaged[at] ^= 0x40;
            Assert.Equal(ErrorKind.Corrupt, Assert.Throws<DatabaseException>(() => read(damaged)).Kind);
            Assert.Equal(ErrorKind.Corrupt, Assert.Throws<DatabaseException>(() => read(golden[..at])).Kind);
        }
    }

    private static CheckpointEntry[] Saved() =>
    [
        new() { Level = 0, Id = new CheckpointId(new UInt128(1, 2)), FirstVersion = 1, LastVersion = 4, LastTimeMs = Time(4), ObjectBytes = 5000, ListBytes = 300 },
        new() { Level = 0, Id = new CheckpointId(new UInt128(3, 4)), FirstVersion = 4, LastVersion = 7, LastTimeMs = Time(7), ObjectBytes = 6000, ListBytes = 400 },
    ];

    private static Head HeadWithHistory()
    {
        var live = LiveHead();
        return live with
        {
            Segments = [live.Segments[0], live.Segments[1] with { Home = "parent" }],
            History = new HeadHistory
            {
                BasePageCount = 299,
                RetentionSeconds = 86_400,
                CollectedAtMs = Time(1),
                Checkpoints = [.. Saved()],
                Sources = ["parent"],
            },
        };
    }

    private static EncodedFrame PlainFrame() =>
        FrameCodec.Encode(7, Commit(7), Time(7), 300, 512, [1, 2, 300], new Sample(7).Images(3, 512, noise: true));

    private static EncodedFrame NamedFrame() =>
        FrameCodec.Encode(9, Commit(9), Time(9), 300, 512, [1, 2, 300], new Sample(7).Images(3, 512, noise: true), TableNames.TryEncode(["order", "item"]));

    private static EncodedFrame PackedFrame() =>
        FrameCodec.Encode(8, Commit(8), Time(8), 300, 512, [1, 128, 129, 257], [.. Page(1), .. Page(128), .. Page(129), .. Page(257)]);

    private static SegmentObject SparseSegment()
    {
        var builder = new SegmentBuilder(SparseId, DatabaseId, 512, SegmentKind.Sparse);
        byte[] images = new Sample(5).Images(4, 512, noise: true);
        uint[] pages = [3, 4, 1000, 70_000];
        for (int i = 0; i < pages.Length; i++)
        {
            builder.Add(pages[i], images.AsSpan(i * 512, 512));
        }

        return builder.Finish(2, 5, 3, [(2, new CommitRecord(Commit(2), Time(2))), (5, new CommitRecord(Commit(5), Time(5)))]);
    }

    private static SegmentObject DenseSegment()
    {
        var builder = new SegmentBuilder(DenseId, DatabaseId, 512, SegmentKind.Dense);
        for (uint page = 1; page <= 130; page++)
        {
            builder.Add(page, Page(page));
        }

        return builder.Finish(1, 1, 2, []);
    }

    private static Head LiveHead() => EmptyHead() with
    {
        Version = 8,
        SwapId = Commit(9),
        CollectionEpoch = 3,
        PageBytes = 512,
        PageCount = 300,
        Recent = [.. Enumerable.Range(4, 5).Select(v => new CommitRecord(Commit(v), Time(v)))],

        Segments = [SparseSegment().Entry, DenseEntry()],
        Frames = [EmptyFrame(), PlainFrame(), FrameCodec.Read(Golden("packed.frame", () => PackedFrame().Bytes.ToArray()), 512, Key)],
    };

    private static EncodedFrame EmptyFrame() => FrameCodec.Encode(6, Commit(6), Time(6), 299, 512, [], []);

    /// <summary>The entry of the packed segment. The sizes that Brotli decides are those of the file.</summary>
    private static SegmentEntry DenseEntry() => DenseSegment().Entry with
    {
        IndexOffset = 395,
        IndexBytes = 45,
        ObjectBytes = 464,
        InlineIndex = default,
    };

    private static Head EmptyHead() => new()
    {
        DatabaseId = DatabaseId,
        State = HeadState.Live,
        Version = 0,
        SwapId = Commit(1),
        CollectionEpoch = 1,
        TimeMs = Time(0),
        PageBytes = 0,
        PageCount = 0,
        Recent = [],
        Segments = [],
        Frames = [],
    };

    private static Head Tombstone() => LiveHead() with
    {
        State = HeadState.Tombstone,
        SwapId = Commit(10),
        PageBytes = 0,
        PageCount = 0,
        Segments = [],
        Frames = [],
    };

    private static CommitId Commit(long version) => new(new UInt128(0xc0ffee00_00000000, (ulong)version));

    private static long Time(long version) => Sample.TimeMs + 1000 * version;

    private static byte[] Page(uint number)
    {
        byte[] page = new byte[512];
        Encoding.ASCII.GetBytes($"page {number} of the golden files", page.AsSpan((int)number));
        return page;
    }

    private static byte[] Unpack(ReadOnlySpan<byte> content, SegmentIndex index, int pageBytes)
    {
        byte[] images = new byte[index.Images * pageBytes];
        for (int i = 0; i < index.BlockCount; i++)
        {
            var location = index.Block(i);
            var raw = images.AsSpan(location.FirstOrdinal * pageBytes, location.Images * pageBytes);
            SegmentIndex.DecodeBlock(content.Slice((int)location.Offset, location.StoredBytes), location, raw, Key);
        }

        return images;
    }

    private static byte[] Golden(string name, Func<byte[]> make)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "OrleansSqlite.sln")))
        {
            root = root.Parent ?? throw new DirectoryNotFoundException("The tests run outside of the repository: no golden files.");
        }

        string path = Path.Combine(root.FullName, "tests", "Engine", "Format", "golden", name + ".golden");
        if (!File.Exists(path) && Environment.GetEnvironmentVariable("ORLEANSSQLITE_NEW_GOLDEN") is not null)
        {
            File.WriteAllBytes(path, make());
        }

        return File.ReadAllBytes(path);
    }
}
