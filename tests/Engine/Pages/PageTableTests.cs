using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Tests.Format;
using OrleansSqlite.Tests.Vfs;

namespace OrleansSqlite.Tests.Pages;

/// <summary>The page table against dictionaries: random edits of random generations, and not a page in memory that no table names.</summary>
public sealed class PageTableTests
{
    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 70)]
    [InlineData(3, 5000)]
    [InlineData(4, 300_000)]
    [InlineData(5, 20_000_000)]
    [InlineData(6, 0xFFFF_FFFEu)]
    public void It_says_what_a_dictionary_says_and_frees_what_nobody_names(ulong seed, uint pageBound)
    {
        var sample = new Sample(seed);
        using var shelf = new Shelf();
        var known = shelf.Segment(SegmentKind.Dense, 512, Enumerable.Range(1, 40).Select(page => new KeyValuePair<uint, byte[]>((uint)page, new byte[512])));
        List<Generation> alive = [new(PageTable.Empty(), [], 1)];
        List<Block> frames = [];
        long edit = 0;
        for (int step = 0; step < 1500; step++)
        {
            var chosen = alive[sample.Below(alive.Count)];
            switch (sample.Below(10))
            {
                case < 5:
                    uint pageCount = sample.Below(4) switch
                    {
                        0 => 1 + (uint)(sample.Next() % pageBound),
                        1 => Math.Max(1, chosen.PageCount / 2),
                        _ => (uint)Math.Min(pageBound, chosen.PageCount + 3UL),
                    };
                    alive.Add(Edit(chosen, pageCount, ++edit, sample, frames));
                    break;
                case < 7:
                    uint page = 1 + (uint)sample.Below((int)Math.Min(chosen.PageCount, 40));
                    chosen.Table.Fill(page, known.Find(page)!);
                    break;
                case < 8:
                    alive.Add(chosen with { Table = chosen.Table.Share() });
                    break;
                default:
                    if (alive.Count > 1)
                    {
                        chosen.Table.Release();
                        alive.Remove(chosen);
                    }

                    break;
            }

            if (step % 50 == 0)
            {
                Check(alive, frames);
            }
        }

        Check(alive, frames);
        foreach (var generation in alive)
        {
            generation.Table.Release();
        }

        Assert.All(frames, frame => Assert.False(frame.IsResident));
    }

    // One page behind the end of a shallow table must not land in the place of page 1.
    [Fact]
    public void Pages_behind_the_end_are_left_out()
    {
        var blocks = Enumerable.Range(1, 70).ToDictionary(page => (uint)page, page => Memory.Frame((uint)page, [(byte)page]));
        var empty = PageTable.Empty();
        var table = empty.With(blocks.OrderBy(pair => pair.Key), 10, 1);
        foreach (var block in blocks.Values)
        {
            block.Release();
        }

        Assert.All(Enumerable.Range(1, 10), page => Assert.Same(blocks[(uint)page], table.Find((uint)page)));
        Assert.Equal(10, table.FramePages().Count());
        Assert.All(blocks.Where(pair => pair.Key > 10), pair => Assert.False(pair.Value.IsResident));
        table.Release();
        empty.Release();
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(10, 9)]
    [InlineData(64, 63)]
    [InlineData(5000, 64)]
    [InlineData(5000, 4096)]
    [InlineData(5000, 70)]
    public void A_cut_frees_what_was_behind_it(int pages, int left)
    {
        var blocks = Enumerable.Range(1, pages).ToDictionary(page => (uint)page, page => Memory.Frame((uint)page, [(byte)page]));
        var empty = PageTable.Empty();
        var whole = empty.With(blocks.OrderBy(pair => pair.Key), (uint)pages, 1);
        foreach (var block in blocks.Values)
        {
            block.Release();
        }

        var cut = whole.With([], (uint)left, 2);
        Assert.All(blocks.Values, block => Assert.True(block.IsResident));
        whole.Release();
        Assert.All(blocks, pair => Assert.Equal(pair.Key <= left, pair.Value.IsResident));
        Assert.Equal(Enumerable.Range(1, left), cut.FramePages().Select(pair => (int)pair.Key));
        cut.Release();
        empty.Release();
        Assert.All(blocks.Values, block => Assert.False(block.IsResident));
    }

    // Readers fill in what the segments say while a writer makes new tables from the same nodes.
    [Fact]
    public async Task Readers_fill_while_a_writer_edits()
    {
        using var shelf = new Shelf();
        const int pages = 3000;
        var known = shelf.Segment(SegmentKind.Dense, 512, Enumerable.Range(1, pages).Select(page => new KeyValuePair<uint, byte[]>((uint)page, new byte[512])));
        var table = PageTable.Empty(pages);
        var gate = new Lock();
        bool stop = false;
        var readers = Enumerable.Range(0, 3).Select(number => Task.Run(() =>
        {
            var sample = new Sample((ulong)number);
            while (!Volatile.Read(ref stop))
            {
                PageTable mine;
                lock (gate)
                {
                    mine = table.Share();
                }

                for (int i = 0; i < 200; i++)
                {
                    uint page = 1 + (uint)sample.Below(pages);
                    var found = mine.Find(page);
                    if (found is null)
                    {
                        mine.Fill(page, known.Find(page)!);
                        found = mine.Find(page);
                    }

                    Assert.True(found!.Segment is null ? found.FirstPage == page : ReferenceEquals(found, known.Find(page)));
                }

                mine.Release();
            }
        })).ToArray();

        var random = new Sample(99);
        List<Block> frames = [];
        for (int edit = 1; edit < 4000 && !readers.Any(reader => reader.IsFaulted); edit++)
        {
            uint page = 1 + (uint)random.Below(pages);
            var block = Memory.Frame(page, [1]);
            frames.Add(block);
            var next = table.With([new(page, block)], pages, edit);
            block.Release();
            lock (gate)
            {
                table.Release();
                table = next;
            }
        }

        Volatile.Write(ref stop, true);
        await Task.WhenAll(readers);
        var named = table.FramePages().Select(pair => pair.Value).ToHashSet();
        Assert.All(frames, frame => Assert.Equal(named.Contains(frame), frame.IsResident));
        table.Release();
        Assert.All(frames, frame => Assert.False(frame.IsResident));
    }

    private static Generation Edit(Generation parent, uint pageCount, long edit, Sample sample, List<Block> frames)
    {
        SortedDictionary<uint, Block> pages = [];
        for (int i = sample.Below(20); i > 0; i--)
        {
            // Near the start, near the end, anywhere, or behind the end: a frame of the past may hold pages that were cut since.
            uint page = sample.Below(4) switch
            {
                0 => 1 + (uint)sample.Below((int)Math.Min(pageCount, 130)),
                1 => pageCount - Math.Min(pageCount - 1, (uint)sample.Below(70)),
                2 => 1 + (uint)(sample.Next() % pageCount),
                _ => (uint)Math.Min(0xFFFF_FFFE, pageCount + (ulong)sample.Below(5000)),
            };
            pages[page] = Memory.Frame(page, BitConverter.GetBytes(page));
        }

        var table = parent.Table.With(pages, pageCount, edit);
        Dictionary<uint, Block> model = new(parent.Pages.Where(pair => pair.Key <= pageCount));
        foreach (var (page, block) in pages)
        {
            frames.Add(block);
            block.Release();
            if (page <= pageCount)
            {
                model[page] = block;
            }
        }

        return new Generation(table, model, pageCount);
    }

    private static void Check(List<Generation> alive, List<Block> frames)
    {
        HashSet<Block> named = [];
        foreach (var generation in alive)
        {
            foreach (var (page, block) in generation.Pages)
            {
                Assert.Same(block, generation.Table.Find(page));
                Assert.Equal(page, BitConverter.ToUInt32(Memory.Of(block)));
                named.Add(block);
            }

            Assert.Equal(generation.Pages.Keys.Order(), generation.Table.FramePages().Select(pair => pair.Key));
        }

        Assert.All(frames, frame => Assert.Equal(named.Contains(frame), frame.IsResident));
    }

    private sealed record Generation(PageTable Table, Dictionary<uint, Block> Pages, uint PageCount);
}
