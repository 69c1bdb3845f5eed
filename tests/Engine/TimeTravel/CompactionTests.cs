using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;
using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.TimeTravel;

public sealed class CompactionTests
{
    private static readonly DatabaseOptions Small = new() { Threads = 2, InlineBytes = 1 << 10 };

    /// <summary>Whatever segments there are and whichever of them are merged: each page is the same before and after.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task No_page_changes(ulong seed)
    {
        var sample = new Sample(seed);
        using var threads = new EngineThreads(1);
        for (int round = 0; round < 8; round++)
        {
            await using var store = new MemoryStore(TimeProvider.System);
            using var cache = new PageCache(64 << 20);
            var context = new DatabaseContext("app", store, cache, new DatabaseOptions(), TimeProvider.System, new Entropy(seed + 1000), NullLogger.Instance);
            var head = await HeadAsync(sample, context, 1 + sample.Below(6));
            int start = sample.Below(head.Segments.Length);
            int end = start + 1 + sample.Below(head.Segments.Length - start);
            var before = Images(context, head);

            var compaction = await Compaction.RunAsync(context, threads, head, start..end, null, CancellationToken.None);
            var after = head with { Segments = compaction.Apply(head.Segments) };

            Assert.True(compaction.AppliesTo(head));
            Assert.Null(HeadCodec.Check(after));
            Assert.Equal(before, Images(context, after));
        }
    }

    [Fact]
    public void The_number_of_segments_stays_logarithmic()
    {
        // 10,000 segments of 9 MiB come one after the other, as they do from flushes of a busy database.
        var segments = ImmutableArray<SegmentEntry>.Empty;
        long rewritten = 0;
        for (int version = 1; version <= 10_000; version++)
        {
            segments = segments.Insert(0, Entry(version, version, 3000));
            if (CompactionPlan.Due(segments) is { } range)
            {
                var (offset, length) = range.GetOffsetAndLength(segments.Length);
                var merged = segments.AsSpan().Slice(offset, length).ToArray();
                uint images = (uint)merged.Sum(entry => entry.Images);
                rewritten += images;
                segments = segments.RemoveRange(offset, length).Insert(offset, Entry(merged[^1].MinVersion, merged[0].MaxVersion, images));
            }

            Assert.True(segments.Length <= 16, $"{segments.Length} segments");
        }

        Assert.InRange(rewritten / (10_000 * 3000.0), 1, 14);
    }

    [Fact]
    public async Task Compacting_leaves_one_segment_and_every_version_as_it_was()
    {
        await using var scene = await WithSegmentsAsync();

        var after = await scene[0].Engine.CompactAsync(Scene.Name);

        Assert.Equal(1, after.Segments);
        Assert.Equal(121, after.Version);
        Assert.Equal(120, await scene[1].CountAsync("SELECT count(*) FROM t"));
        await using var fresh = await scene.JoinAsync(Small);
        for (long version = 1; version <= 121; version += 10)
        {
            Assert.Equal(version - 1, await TimeTravelTests.CountAsync(fresh, ReadLevel.AtVersion(version)));
        }

        // Those who had it open read and write on, after what was replaced is gone, too.
        await scene[1].RunAsync("INSERT INTO t VALUES (121, 0)");
        for (int i = 0; i < 3; i++)
        {
            scene.Time.Advance(TimeSpan.FromDays(30));
            await scene[1].RunAsync("UPDATE t SET w = hex(randomblob(300)) WHERE v = 121");
            await scene[0].RunAsync("UPDATE t SET w = hex(randomblob(30000)) WHERE v = 121");
            await scene[0].Engine.CollectAsync(Scene.Name);
        }

        foreach (var process in (Process[])[scene[0], scene[1], fresh])
        {
            Assert.Equal(121, await process.CountAsync("SELECT count(*) FROM t"));
            Assert.Equal("ok", (await process.Database.ScalarAsync("PRAGMA integrity_check")).AsText());
        }
    }

    [Fact]
    public async Task Who_has_it_open_reads_on_from_the_merged_segments()
    {
        await using var scene = await WithSegmentsAsync();
        var reader = await scene.JoinAsync(Small with { PageCacheBytes = 1 << 20 });
        Assert.Equal(120, await reader.CountAsync("SELECT count(*) FROM (SELECT v, length(w) FROM t)"));
        await scene[0].Engine.CompactAsync(Scene.Name);
        Assert.Equal(120, await reader.CountAsync("SELECT count(*) FROM t"));
        scene.Time.Advance(TimeSpan.FromDays(30));

        // Two more checkpoints make those that name what was replaced too old to be kept.
        await scene[0].Database.CreateSnapshotAsync("now");
        for (int i = 0; i < 2; i++)
        {
            await scene[0].RunAsync("INSERT INTO t VALUES (?, randomblob(30000))", 121 + i);
            scene.Time.Advance(TimeSpan.FromDays(30));
        }

        await scene[0].Engine.CollectAsync(Scene.Name);
        Assert.Equal("ok", (await reader.Database.ScalarAsync("PRAGMA integrity_check")).AsText());
        Assert.Equal(120, (await reader.Database.ScalarAsync("SELECT count(*) FROM t", ReadLevel.AtSnapshot("now"))).AsInteger());
    }

    /// <summary>A reader that finds a compaction behind a head that only adds frames looks its pages up anew.</summary>
    [Fact]
    public async Task A_head_with_other_segments_is_not_taken_for_one_that_only_adds_frames()
    {
        await using var scene = await WithSegmentsAsync();
        await scene[0].RunAsync("UPDATE t SET v = v WHERE v = 120");
        var reader = await scene.JoinAsync(Small);
        await reader.CountAsync("SELECT count(*) FROM (SELECT length(w) FROM t)");
        await scene[0].Engine.CompactAsync(Scene.Name);
        await reader.CountAsync("SELECT count(*) FROM t");

        var head = await reader.Database.PinAsync(ReadLevel.Strong, CancellationToken.None);
        string[] named = [.. (await scene.HeadAsync()).Segments.Select(entry => entry.Id.ToString())];
        for (uint page = 1; page <= head.Snapshot.PageCount; page++)
        {
            Assert.True(head.Snapshot.FindKnown(page)?.Segment is not { } segment || named.Contains(segment.Entry.Id.ToString()), $"page {page}");
        }

        head.Snapshot.Release();
    }

    /// <summary>Traps 8, of a compaction: what it has uploaded was collected before its swap.</summary>
    [Fact]
    public async Task A_compaction_that_was_stalled_across_a_collection_is_made_again()
    {
        await using var scene = await WithSegmentsAsync();
        var slow = await scene.JoinAsync(Small with { RetryTime = TimeSpan.FromDays(30) });
        slow.Store.BeforeNext(StoreVerb.Swap, async () =>
        {
            scene.Time.Advance(TimeSpan.FromDays(1));
            Assert.True((await scene[1].Engine.CollectAsync(Scene.Name)).Deleted > 0);
        });

        Assert.Equal(1, (await slow.Engine.CompactAsync(Scene.Name)).Segments);

        await using var fresh = await scene.JoinAsync(Small);
        Assert.Equal(120, await fresh.CountAsync("SELECT count(*) FROM t"));
        Assert.Equal("ok", (await fresh.Database.ScalarAsync("PRAGMA integrity_check")).AsText());
    }

    [Fact]
    public async Task A_commit_in_between_does_not_undo_a_compaction()
    {
        await using var scene = await WithSegmentsAsync();
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync("INSERT INTO t VALUES (121, 0)"));

        await scene[0].Engine.CompactAsync(Scene.Name);

        Assert.InRange((await scene[1].Database.DescribeAsync()).Segments, 1, 2);
        Assert.Equal(121, await scene[1].CountAsync("SELECT count(*) FROM t"));
    }

    /// <summary>Version 121, 120 rows, the first of them large: a segment of it, and smaller ones before that.</summary>
    private static async Task<Scene> WithSegmentsAsync()
    {
        var scene = await Scene.WithAsync(2, Small, "CREATE TABLE t(v, w)");
        await scene[0].RunAsync("INSERT INTO t VALUES (1, randomblob(1000000))");
        for (int i = 2; i <= 120; i++)
        {
            await scene[0].RunAsync("INSERT INTO t VALUES (?, hex(randomblob(300)))", i);
        }

        await scene[1].CountAsync("SELECT sum(length(w)) FROM t");
        int segments = (await scene[0].Database.DescribeAsync()).Segments;
        return segments > 1 ? scene : throw new InvalidOperationException("There is nothing to compact.");
    }

    private static SegmentEntry Entry(long first, long last, uint images) => new()
    {
        Id = new SegmentId((UInt128)(last + ((long)images << 32))),
        Kind = SegmentKind.Dense,
        FirstPage = 1,
        LastPage = images,
        Images = images,
        PagesPerBlock = 16,
        MinVersion = first,
        MaxVersion = last,
        CollectionEpoch = 0,
        ObjectBytes = images * 3200L,
        IndexOffset = images,
        IndexBytes = 100,
        InlineIndex = default,
    };

    /// <summary>A head with dense and sparse segments of pages that overlap, the way that flushes, imports and compactions leave them.</summary>
    private static async Task<Head> HeadAsync(Sample sample, DatabaseContext context, int runs)
    {
        const int PageBytes = 65536;
        List<SegmentEntry> entries = [];
        uint pageCount = 300 + (uint)sample.Below(900);
        for (int run = 0; run < runs; run++)
        {
            // The oldest one holds all pages, in pieces that are large enough to be left alone.
            bool isBase = run == 0 || sample.Below(4) == 0;
            uint page = 1;
            while (page <= pageCount)
            {
                var builder = new SegmentBuilder(new SegmentId(sample.Id()), Guid.Empty, PageBytes, isBase ? SegmentKind.Dense : SegmentKind.Sparse);
                int most = isBase ? 200 + sample.Below(200) : sample.Below(30) + 1;
                for (int i = 0; i < most && page <= pageCount; i++)
                {
                    byte[] image = new byte[PageBytes];
                    BitConverter.TryWriteBytes(image, page);
                    BitConverter.TryWriteBytes(image.AsSpan(8), run);
                    builder.Add(page, image);
                    page += isBase ? 1 : 1 + (uint)sample.Below(60);
                }

                var built = builder.Finish(run + 1, run + 1, 0, []);
                await context.Store.WriteAsync(context.Keys.Segment(built.Entry.Id), built.Content, CancellationToken.None);
                entries.Insert(0, built.Entry);
                if (!isBase)
                {
                    break;
                }
            }
        }

        return new Head
        {
            DatabaseId = Guid.Empty,
            State = HeadState.Live,
            Version = runs,
            SwapId = new CommitId(1),
            CollectionEpoch = 0,
            TimeMs = Sample.TimeMs,
            PageBytes = PageBytes,
            PageCount = pageCount,
            Recent = [],
            Segments = [.. entries],
            Frames = [],
        };
    }

    private static string[] Images(DatabaseContext context, Head head)
    {
        var snapshot = new HeadReader(context).Load(head, default, null).Snapshot;
        byte[] image = new byte[head.PageBytes];
        string[] images = new string[head.PageCount];
        for (uint page = 1; page <= head.PageCount; page++)
        {
            snapshot.Copy(page, image);
            images[page - 1] = $"{BitConverter.ToUInt32(image)} of {BitConverter.ToInt32(image, 8)}";
        }

        snapshot.Release();
        return images;
    }
}
