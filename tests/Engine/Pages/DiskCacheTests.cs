using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Tests.Format;
using OrleansSqlite.Tests.Vfs;

namespace OrleansSqlite.Tests.Pages;

/// <summary>The cache on disk: it spares requests, is never believed, and may be gone or broken at any moment.</summary>
public sealed class DiskCacheTests : IDisposable
{
    private const uint BlockPages = 16;
    private readonly string folder = Directory.CreateTempSubdirectory("orleans-sqlite-disk-cache-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(8)]
    [InlineData(60)]
    public void What_one_process_has_read_the_next_one_finds_on_disk(int blocks)
    {
        ReadAll(blocks, out int first);
        ReadAll(blocks, out int second);
        Assert.InRange(first, 1, blocks + 1);
        Assert.Equal(0, second);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(60)]
    public void A_damaged_file_means_a_request_and_never_a_wrong_row(int blocks)
    {
        ReadAll(blocks, out int first);
        var sample = new Sample(3);
        foreach (string file in Files())
        {
            byte[] content = File.ReadAllBytes(file);
            content[sample.Below(content.Length)] ^= 1;
            File.WriteAllBytes(file, content);
        }

        ReadAll(blocks, out int second);
        Assert.InRange(second, 1, first);

        // And they are good again.
        ReadAll(blocks, out int third);
        Assert.Equal(0, third);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(60)]
    public void Files_that_are_cut_empty_or_gone_mean_requests(int blocks)
    {
        ReadAll(blocks, out int first);
        foreach (var (file, i) in Files().Select((file, i) => (file, i)).ToArray())
        {
            if (i % 3 == 0)
            {
                File.Delete(file);
            }
            else
            {
                File.WriteAllBytes(file, i % 3 == 1 ? [] : File.ReadAllBytes(file)[..^1]);
            }
        }

        ReadAll(blocks, out int second);
        Assert.InRange(second, 1, first);
    }

    [Fact]
    public void The_whole_folder_may_go_while_it_is_in_use()
    {
        using var shelf = new Shelf(1 << 20, Cache(64 << 20));
        var segment = PageCacheTests.Numbered(shelf, 60);
        for (uint block = 0; block < 60; block++)
        {
            if (block % 10 == 5)
            {
                foreach (string below in Directory.GetDirectories(folder))
                {
                    Directory.Delete(below, recursive: true);
                }
            }

            Read(segment, 1 + (block * BlockPages));
        }

        Assert.NotEmpty(Files());
    }

    [Fact]
    public void It_stays_within_its_bound_and_keeps_what_was_used_last()
    {
        using var shelf = new Shelf(1 << 20, Cache(4 << 20));
        for (int i = 0; i < 4; i++)
        {
            var segment = PageCacheTests.Numbered(shelf, 60);
            for (uint block = 0; block < 60; block++)
            {
                Read(segment, 1 + (block * BlockPages));
                Assert.InRange(Files().Sum(file => new FileInfo(file).Length), 0, (4 << 20) + (1 << 18));
            }
        }

        Assert.InRange(Files().Sum(file => new FileInfo(file).Length), 2 << 20, 4 << 20);
    }

    [Fact]
    public void Stores_have_folders_of_their_own()
    {
        var one = new DiskCache(folder, 1 << 20, "memory:one", TimeProvider.System, new Entropy(1));
        var other = new DiskCache(folder, 1 << 20, "memory:other", TimeProvider.System, new Entropy(2));
        var id = new SegmentId(77);
        one.Keep(id, 0, [1, 2, 3]);
        Assert.Equal([1, 2, 3], one.Find(id, 0, 3)!);
        Assert.Null(one.Find(id, 0, 4));
        Assert.Null(one.Find(id, 1, 3));
        Assert.Null(other.Find(id, 0, 3));
    }

    [Fact]
    public void Many_at_once_write_and_read_the_same()
    {
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            ReadAll(60, out int _);
        });
        Assert.DoesNotContain(Files(), file => file.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_told_when_the_engine_opens()
    {
        string file = Path.Combine(folder, "file");
        File.WriteAllBytes(file, []);
        Assert.Equal(ErrorCodes.BadArgument, Assert.Throws<DatabaseException>(() => new DiskCache(file, 1 << 20, "memory:", TimeProvider.System, new Entropy(1))).Code);
    }

    private DiskCache Cache(long bytes) => new(folder, bytes, "memory:shelf", TimeProvider.System, Entropy.System);

    /// <summary>A process with an empty memory: the same segment each time, for its id comes of a seed.</summary>
    private void ReadAll(int blocks, out int requests)
    {
        using var shelf = new Shelf(8 << 20, Cache(64 << 20));
        var segment = PageCacheTests.Numbered(shelf, blocks);
        for (uint page = 1; page <= blocks * BlockPages; page++)
        {
            Read(segment, page);
        }

        requests = shelf.Store.Reads;
    }

    private string[] Files() => Directory.GetFiles(folder, "*", SearchOption.AllDirectories);

    private static void Read(Segment segment, uint page)
    {
        var snapshot = new Snapshot(new object(), 4096, segment.Entry.LastPage, PageTable.Empty(segment.Entry.LastPage), [segment]);
        Assert.Equal(PageCacheTests.Image(page), PagesOf.One(snapshot, page));
    }
}
