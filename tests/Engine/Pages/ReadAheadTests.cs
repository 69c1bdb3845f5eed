using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Vfs;

namespace OrleansSqlite.Tests.Pages;

/// <summary>What is read before anybody asks for it: when, how much, and what it must never do.</summary>
public sealed class ReadAheadTests : IDisposable
{
    private const uint BlockPages = 16;
    private const long CacheBytes = 16 << 20;
    private readonly Shelf shelf = new(CacheBytes);

    public void Dispose() => shelf.Dispose();

    [Fact]
    public void A_scan_takes_far_fewer_requests_than_blocks_and_reads_what_was_written()
    {
        var snapshot = Of(PageCacheTests.Numbered(shelf, 400));
        for (uint page = 1; page <= 400 * BlockPages; page++)
        {
            Read(snapshot, page);
        }

        // Noise does not compress: a request of 1 MiB brings 15 blocks.
        Assert.InRange(shelf.Store.Reads, 400 / 16, 80);
        Assert.Equal(0, shelf.Cache.Ahead.TakenBytes);
    }

    [Fact]
    public void A_scan_with_gaps_is_one_too()
    {
        var snapshot = Of(PageCacheTests.Numbered(shelf, 400));
        for (uint block = 0; block < 400; block += 2)
        {
            Read(snapshot, 1 + (block * BlockPages));
        }

        Assert.InRange(shelf.Store.Reads, 400 / 16, 80);
    }

    [Fact]
    public void A_scan_goes_on_in_the_segment_behind()
    {
        var first = PageCacheTests.Numbered(shelf, 64);
        var second = shelf.Segment(
            SegmentKind.Dense, 4096, Enumerable.Range((int)(64 * BlockPages) + 1, (int)(64 * BlockPages)).Select(page => new KeyValuePair<uint, byte[]>((uint)page, PageCacheTests.Image((uint)page))));
        var snapshot = new Snapshot(new object(), 4096, 128 * BlockPages, PageTable.Empty(128 * BlockPages), [first, second]);
        for (uint page = 1; page <= 64 * BlockPages; page++)
        {
            Read(snapshot, page);
        }

        Assert.True(second.Find((64 * BlockPages) + 1)!.IsResident);
        Assert.True(second.Find((72 * BlockPages) + 1)!.IsResident);
    }

    [Fact]
    public void Points_read_nothing_that_nobody_asked_for()
    {
        var snapshot = Of(PageCacheTests.Numbered(shelf, 400));

        // Down a tree: up and down the file, two of them side by side.
        uint[] blocks = [0, 200, 201, 17, 350, 351, 100, 8, 300, 299, 298, 40];
        foreach (uint block in blocks)
        {
            Read(snapshot, 1 + (block * BlockPages));
        }

        Assert.Equal(blocks.Length + 1, shelf.Store.Reads);
        Assert.Equal(blocks.Length * 65536, shelf.Cache.ResidentBytes);
    }

    [Fact]
    public void Many_scans_at_once_stay_within_the_bounds_and_read_what_was_written()
    {
        Poison.FreedMemory();
        var segment = PageCacheTests.Numbered(shelf, 600);
        shelf.Store.Delay = TimeSpan.FromMilliseconds(1);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, number =>
        {
            var snapshot = Of(segment);
            for (uint page = 1 + ((uint)number * 70 * BlockPages); page <= 600 * BlockPages; page += 5)
            {
                Read(snapshot, page);
                Assert.InRange(shelf.Cache.ResidentBytes, 0, CacheBytes + (16 * 65536));
                Assert.InRange(shelf.Cache.Ahead.TakenBytes, 0, CacheBytes / 8);
            }
        });
    }

    [Fact]
    public void Who_comes_to_a_block_that_is_on_its_way_waits_for_it_and_asks_for_nothing()
    {
        var snapshot = Of(PageCacheTests.Numbered(shelf, 64));
        var asked = new System.Collections.Concurrent.ConcurrentBag<(long Offset, int Length)>();
        shelf.Store.OnRange = (_, offset, length) => asked.Add((offset, length));
        shelf.Store.Delay = TimeSpan.FromMilliseconds(30);
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            for (uint page = 1; page <= 64 * BlockPages; page += 7)
            {
                Read(snapshot, page);
            }
        });

        // Each byte of the object came once.
        var ranges = asked.OrderBy(range => range.Offset).ToArray();
        Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.True(pair.First.Offset + pair.First.Length <= pair.Second.Offset, $"{pair}"));
    }

    [Fact]
    public async Task Readers_of_different_blocks_do_not_wait_for_each_other()
    {
        var segment = PageCacheTests.Numbered(shelf, 64);
        var snapshot = Of(segment);
        Read(snapshot, 1);
        using var goOn = new ManualResetEventSlim();
        long held = segment.Index.Block(40).Offset;
        shelf.Store.OnRange = (_, offset, _) =>
        {
            if (offset == held)
            {
                goOn.Wait();
            }
        };
        var slow = OnThread(() => Read(snapshot, 1 + (40 * BlockPages)));
        await OnThread(() => Read(snapshot, 1 + (20 * BlockPages))).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(slow.IsCompleted);
        goOn.Set();
        await slow;
    }

    [Fact]
    public void A_failure_ahead_is_nobodys_until_he_comes_to_it()
    {
        var segment = PageCacheTests.Numbered(shelf, 100);
        var snapshot = Of(segment);
        Read(snapshot, 1);
        long bad = segment.Index.Block(50).Offset;
        shelf.Store.OnRange = (key, offset, length) =>
        {
            if (offset + length > bad)
            {
                throw new StoreException(StoreFailure.Denied, "memory:", key, "Not this part.");
            }
        };
        for (uint page = 1; page <= 50 * BlockPages; page++)
        {
            Read(snapshot, page);
        }

        Assert.Throws<StoreException>(() => Read(snapshot, 1 + (50 * BlockPages)));
        shelf.Store.OnRange = null;
        for (uint page = 1 + (50 * BlockPages); page <= 100 * BlockPages; page++)
        {
            Read(snapshot, page);
        }

        Assert.Equal(0, shelf.Cache.Ahead.TakenBytes);
    }

    [Fact]
    public async Task A_flipped_bit_ahead_is_an_error_for_who_comes_to_it_and_never_a_row()
    {
        var segment = PageCacheTests.Numbered(shelf, 100);
        var snapshot = Of(segment);
        var content = (await shelf.Store.ReadAsync(segment.Key, null, default)).Content.ToArray();
        content[segment.Index.Block(30).Offset + 777] ^= 16;
        await shelf.Store.WriteAsync(segment.Key, content, default);
        await OnThread(() =>
        {
            for (uint page = 1; page <= 30 * BlockPages; page++)
            {
                Read(snapshot, page);
            }

            Assert.Equal(segment.Key, Assert.Throws<DatabaseException>(() => Read(snapshot, 1 + (30 * BlockPages))).Object);
            for (uint page = 1 + (31 * BlockPages); page <= 100 * BlockPages; page++)
            {
                Read(snapshot, page);
            }
        });
    }

    [Fact]
    public async Task Closing_waits_for_what_is_on_its_way_and_leaves_no_memory()
    {
        var segment = PageCacheTests.Numbered(shelf, 200);
        var snapshot = Of(segment);
        shelf.Store.Delay = TimeSpan.FromMilliseconds(20);
        await OnThread(() =>
        {
            for (uint page = 1; page <= 20 * BlockPages; page++)
            {
                Read(snapshot, page);
            }
        });
        await shelf.Cache.Ahead.DisposeAsync();
        int reads = shelf.Store.Reads;
        shelf.Cache.Dispose();
        Assert.Equal(0, shelf.Cache.ResidentBytes);
        await Task.Delay(100);
        Assert.Equal(reads, shelf.Store.Reads);
        Assert.All(segment.Pages(), pair => Assert.False(pair.Value.IsResident));
        Assert.Equal(0, shelf.Cache.Ahead.TakenBytes);
    }

    [Fact]
    public void Without_room_for_a_few_blocks_nothing_is_read_ahead()
    {
        using var small = new Shelf(1 << 20);
        var snapshot = Of(PageCacheTests.Numbered(small, 60));
        for (uint page = 1; page <= 60 * BlockPages; page++)
        {
            Read(snapshot, page);
        }

        Assert.Equal(60, small.Store.Reads);
    }

    private static Task OnThread(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Snapshot Of(Segment segment) =>
        new(new object(), 4096, segment.Entry.LastPage, PageTable.Empty(segment.Entry.LastPage), [segment]);

    private static void Read(Snapshot snapshot, uint page) => Assert.Equal(PageCacheTests.Image(page), PagesOf.One(snapshot, page));
}
