using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Tests.Format;
using OrleansSqlite.Tests.Vfs;

namespace OrleansSqlite.Tests.Pages;

/// <summary>The bound on memory, and what it may never cost: a page in use, a reader's progress, a hot page.</summary>
public sealed class PageCacheTests
{
    private const int PageBytes = 4096;
    private const int BlockPages = Limits.MaxBlockRawBytes / PageBytes;
    private const long Limit = 1 << 20;

    [Fact]
    public void Readers_at_once_stay_within_the_bound_and_read_what_was_written()
    {
        Poison.FreedMemory();
        using var shelf = new Shelf(Limit);
        var segment = Numbered(shelf, 100);
        int pinned = 0;
        Parallel.For(0, 4, number =>
        {
            var sample = new Sample((ulong)number);
            Queue<Block> held = new();
            for (int i = 0; i < 4000; i++)
            {
                var block = segment.Find(1 + (uint)sample.Below(100 * BlockPages))!;
                Interlocked.Increment(ref pinned);
                Snapshot.Pin(block);
                held.Enqueue(block);

                // What is loaded while others hold their pins may pass the bound by what is pinned, and by nothing else.
                Assert.InRange(shelf.Cache.ResidentBytes, 0, Limit + (Volatile.Read(ref pinned) * 65536L) + (4 * 65536));
                foreach (var each in held)
                {
                    Assert.True(HoldsItsNumbers(each), "a pinned block was freed");
                }

                while (held.Count > sample.Below(5))
                {
                    held.Dequeue().Unpin();
                    Interlocked.Decrement(ref pinned);
                }
            }

            while (held.TryDequeue(out var block))
            {
                block.Unpin();
                Interlocked.Decrement(ref pinned);
            }
        });

        // The books agree with the memory.
        Snapshot.Pin(segment.Find(1)!);
        segment.Find(1)!.Unpin();
        Assert.InRange(shelf.Cache.ResidentBytes, 1, Limit);
        Assert.Equal(Resident(segment).Sum(block => (long)block.Bytes), shelf.Cache.ResidentBytes);
        shelf.Cache.Dispose();
        Assert.Empty(Resident(segment));
    }

    // More is pinned than the cache may hold: the next block must be had all the same.
    [Fact]
    public void A_reader_gets_on_though_everything_else_is_pinned()
    {
        using var shelf = new Shelf(Limit);
        var segment = Numbered(shelf, 60);
        var pinned = Enumerable.Range(0, 40).Select(i => segment.Find(1 + (uint)(i * BlockPages))!).ToArray();
        foreach (var block in pinned)
        {
            Snapshot.Pin(block);
        }

        Assert.Equal(40 * 65536, shelf.Cache.ResidentBytes);
        int reads = shelf.Store.Reads;
        for (int i = 40; i < 60; i++)
        {
            var block = segment.Find(1 + (uint)(i * BlockPages))!;
            Snapshot.Pin(block);
            Assert.True(HoldsItsNumbers(block));
            block.Unpin();
        }

        Assert.Equal(reads + 20, shelf.Store.Reads);
        foreach (var block in pinned)
        {
            Assert.True(HoldsItsNumbers(block));
            block.Unpin();
        }

        // With the next block that comes, the bound holds again.
        Snapshot.Pin(segment.Find(59 * BlockPages)!);
        segment.Find(59 * BlockPages)!.Unpin();
        Assert.InRange(shelf.Cache.ResidentBytes, 1, Limit);
    }

    [Fact]
    public void A_page_that_is_wanted_again_and_again_outlives_a_scan()
    {
        using var shelf = new Shelf(Limit);
        var segment = Numbered(shelf, 200);
        var hot = segment.Find(1)!;
        Snapshot.Pin(hot);
        hot.Unpin();
        int reads = shelf.Store.Reads;
        for (int i = 1; i < 200; i++)
        {
            var cold = segment.Find(1 + (uint)(i * BlockPages))!;
            Snapshot.Pin(cold);
            cold.Unpin();
            Snapshot.Pin(hot);
            hot.Unpin();
        }

        Assert.Equal(reads + 199, shelf.Store.Reads);
    }

    // A block is loaded, evicted and loaded again by many at once; each load is booked, and so is each eviction.
    [Fact]
    public void One_block_that_many_load_and_evict_is_booked_right()
    {
        Poison.FreedMemory();
        using var shelf = new Shelf(Limit);
        var segment = Numbered(shelf, 40);
        var contested = segment.Find(1)!;
        Parallel.For(0, 4, number =>
        {
            var sample = new Sample((ulong)number);
            for (int i = 0; i < 3000; i++)
            {
                var block = number == 0 ? contested : segment.Find(1 + (uint)sample.Below(40 * BlockPages))!;
                Snapshot.Pin(block);
                Assert.True(HoldsItsNumbers(block));
                block.Unpin();
            }
        });
        Assert.Equal(Resident(segment).Sum(block => (long)block.Bytes), shelf.Cache.ResidentBytes);
    }

    /// <summary>A segment of full blocks, too large to be read whole; each page holds its number and noise.</summary>
    internal static Segment Numbered(Shelf shelf, int blocks) => shelf.Segment(
        SegmentKind.Dense, PageBytes, Enumerable.Range(1, blocks * BlockPages).Select(page => new KeyValuePair<uint, byte[]>((uint)page, Image((uint)page))));

    /// <summary>The image of a page: noise that is decided by its number.</summary>
    internal static byte[] Image(uint page)
    {
        byte[] image = new byte[PageBytes];
        new Sample(page).Noise(image);
        BitConverter.TryWriteBytes(image, page);
        return image;
    }

    private static bool HoldsItsNumbers(Block block)
    {
        // The first and the last words of each page are enough to notice memory that was freed or given to somebody else.
        var images = Memory.Of(block);
        for (int i = 0; i < block.Bytes / PageBytes; i++)
        {
            if (BitConverter.ToUInt32(images[(i * PageBytes)..]) != block.FirstPage + i)
            {
                return false;
            }
        }

        return true;
    }

    private static List<Block> Resident(Segment segment) =>
        [.. segment.Pages().Select(pair => pair.Value).Distinct().Where(block => block.IsResident)];
}
