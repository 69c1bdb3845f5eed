using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Format;
using OrleansSqlite.Tests.Vfs;

namespace OrleansSqlite.Tests.Pages;

/// <summary>A stored segment as a source of pages: what it reads, how often, and what becomes of a failure.</summary>
public sealed class SegmentLoadTests : IDisposable
{
    private readonly Shelf shelf = new(4 << 20);

    public void Dispose() => shelf.Dispose();

    [Fact]
    public void A_small_segment_is_read_with_one_request()
    {
        var snapshot = Of(PageCacheTests.Numbered(shelf, 8));
        Read(snapshot, 1);
        Read(snapshot, 100);
        Read(snapshot, 128);
        Assert.Equal(1, shelf.Store.Reads);
    }

    [Fact]
    public void A_large_segment_is_read_block_by_block()
    {
        var segment = PageCacheTests.Numbered(shelf, 40);
        Assert.True(segment.Entry.ObjectBytes > 1 << 20);
        var snapshot = Of(segment);
        Read(snapshot, 1);
        int reads = shelf.Store.Reads;
        Assert.InRange(reads, 1, 2);
        Read(snapshot, 16);
        Assert.Equal(reads, shelf.Store.Reads);
        Read(snapshot, 17);
        Read(snapshot, 640);
        Assert.Equal(reads + 2, shelf.Store.Reads);
    }

    // Highly compressible: a small object that would fill the whole cache with pages that nobody asked for.
    [Fact]
    public void A_small_object_of_many_pages_does_not_push_out_everything_else()
    {
        var segment = shelf.Segment(SegmentKind.Dense, 4096, Enumerable.Range(1, 4096).Select(page => new KeyValuePair<uint, byte[]>((uint)page, new byte[4096])));
        Assert.True(segment.Entry.ObjectBytes < 1 << 20);
        var hot = PageCacheTests.Numbered(shelf, 4);
        Read(Of(hot), 1);
        var snapshot = Of(segment);
        var image = new byte[4096];
        for (uint page = 1; page <= 160; page += 16)
        {
            snapshot.Copy(page, image);
        }

        Assert.InRange(shelf.Cache.ResidentBytes, 10 * 65536, 16 * 65536);
        Assert.All(hot.Pages(), pair => Assert.True(pair.Value.IsResident));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(40)]
    public void Many_that_want_the_same_block_at_once_read_it_once(int blocks)
    {
        var snapshot = Of(PageCacheTests.Numbered(shelf, blocks));
        Read(snapshot, 100);
        int reads = shelf.Store.Reads;
        shelf.Cache.Dispose();
        using var entered = new CountdownEvent(1);
        shelf.Store.OnRead = _ => entered.Wait(TimeSpan.FromMilliseconds(50));
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ => Read(snapshot, 100));
        Assert.Equal(reads + 1, shelf.Store.Reads);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(40)]
    public void A_read_that_fails_leaves_nothing_behind_and_may_be_made_again(int blocks)
    {
        var segment = PageCacheTests.Numbered(shelf, blocks);
        var snapshot = Of(segment);
        shelf.Store.OnRead = key => throw new StoreException(StoreFailure.Missing, "memory:", key, "There is no such object.");
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(segment.Key, Assert.Throws<StoreException>(() => Read(snapshot, 20)).Key);
        }

        Assert.Equal(0, shelf.Cache.ResidentBytes);
        shelf.Store.OnRead = null;
        Read(snapshot, 20);
        var block = segment.Find(20)!;

        // A pin that a failed load had left would keep the block for ever.
        Assert.True(block.TryEvict());
    }

    [Theory]
    [InlineData(8)]
    [InlineData(40)]
    public async Task A_flipped_bit_is_an_error_that_names_the_object(int blocks)
    {
        var segment = PageCacheTests.Numbered(shelf, blocks);
        var content = (await shelf.Store.ReadAsync(segment.Key, null, default)).Content.ToArray();
        content[5000] ^= 4;
        await shelf.Store.WriteAsync(segment.Key, content, default);
        var error = Assert.Throws<DatabaseException>(() => Read(Of(segment), 1));
        Assert.Equal(ErrorKind.Corrupt, error.Kind);
        Assert.Equal(segment.Key, error.Object);
        Assert.False(segment.Find(1)!.IsResident);
    }

    [Fact]
    public void Sparse_segments_give_each_page_its_own_image()
    {
        var sample = new Sample(5);
        uint[] pages = sample.Pages(3000, 1_000_000);
        var segment = shelf.Segment(SegmentKind.Sparse, 4096, pages.Select(page => new KeyValuePair<uint, byte[]>(page, PageCacheTests.Image(page))));
        var snapshot = Of(segment);
        foreach (uint page in pages.Where((_, i) => i % 7 == 0))
        {
            Read(snapshot, page);
        }

        Assert.Null(segment.Find(pages[0] == 1 ? pages[^1] + 1 : 1));
    }

    // The process that wrote a segment has its pages in memory; a reader may have been quicker, and has pointers.
    // A commit seeds what it has flushed, on a thread of the pool and before it answers its callers. A reader may have met the new segment
    // in the store's head already, and be loading it.
    [Theory]
    [InlineData(8)]
    [InlineData(40)]
    public async Task Seeding_never_waits_for_a_reader_that_loads_the_same(int blocks)
    {
        var segment = PageCacheTests.Numbered(shelf, blocks);
        var snapshot = Of(segment);
        Assert.NotNull(segment.Find(1));
        using var isReading = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        shelf.Store.OnRead = _ =>
        {
            isReading.Set();
            goOn.Wait();
        };
        var reader = Task.Factory.StartNew(() => Read(snapshot, 1), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            isReading.Wait();
            await Task.Factory.StartNew(() => segment.Seed(0, new byte[65536]), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                .WaitAsync(TimeSpan.FromSeconds(20));
        }
        finally
        {
            goOn.Set();
        }

        await reader;
    }

    [Fact]
    public void Seeding_what_is_there_already_changes_nothing()
    {
        var segment = PageCacheTests.Numbered(shelf, 4);
        var block = segment.Find(1)!;
        Snapshot.Pin(block);
        unsafe
        {
            nint before = (nint)block.Image(0, 4096);
            long booked = shelf.Cache.ResidentBytes;
            segment.Seed(0, new byte[65536]);
            Assert.Equal(before, (nint)block.Image(0, 4096));
            Assert.Equal(booked, shelf.Cache.ResidentBytes);
        }

        block.Unpin();
        Assert.True(block.TryEvict());
        segment.Seed(0, Memory.Of(segment.Find(17)!) is { Length: > 0 } ? new byte[65536] : []);
        Assert.True(block.IsResident);
    }

    [Fact]
    public void The_newest_source_of_a_page_counts()
    {
        var older = shelf.Segment(SegmentKind.Dense, 512, [new(1, Filled(1)), new(2, Filled(2)), new(3, Filled(3))]);
        var newer = shelf.Segment(SegmentKind.Sparse, 512, [new(2, Filled(22))]);
        var below = new Snapshot(new object(), 512, 3, PageTable.Empty(), [newer, older]);
        var frame = Memory.Frame(3, Filled(33));
        var snapshot = below.With([new(3, frame)], 512, 3, 1);
        frame.Release();
        Assert.Equal([1, 22, 33], Enumerable.Range(1, 3).Select(page => (int)PagesOf.One(snapshot, (uint)page)[0]));
        Assert.Equal([1, 22, 3], Enumerable.Range(1, 3).Select(page => (int)PagesOf.One(below, (uint)page)[0]));
        Assert.Throws<DatabaseException>(() => new Snapshot(new object(), 512, 4, PageTable.Empty(), [older]).Find(4));
        below.Release();
        snapshot.Release();
    }

    private static byte[] Filled(byte value)
    {
        byte[] image = new byte[512];
        image.AsSpan().Fill(value);
        return image;
    }

    private static Snapshot Of(Segment segment) =>
        new(new object(), 4096, segment.Entry.LastPage, PageTable.Empty(segment.Entry.LastPage), [segment]);

    private static void Read(Snapshot snapshot, uint page) => Assert.Equal(PageCacheTests.Image(page), PagesOf.One(snapshot, page));
}
