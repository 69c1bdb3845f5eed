using OrleansSqlite.Pages;
using OrleansSqlite.Tests.Format;
using OrleansSqlite.Tests.Vfs;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Tests.Pages;

/// <summary>The pages that SQLite holds pointers to: pinned while it does, let go when its transaction ends.</summary>
public sealed unsafe class PagePinsTests : IDisposable
{
    private readonly Shelf shelf = new();
    private readonly Segment segment;
    private readonly Snapshot snapshot;

    public PagePinsTests()
    {
        Poison.FreedMemory();
        segment = PageCacheTests.Numbered(shelf, 100);
        snapshot = new Snapshot(new object(), 4096, segment.Entry.LastPage, PageTable.Empty(segment.Entry.LastPage), [segment]);
    }

    public void Dispose() => shelf.Dispose();

    [Fact]
    public void A_page_keeps_its_pointer_until_the_end()
    {
        var pins = new PagePins();
        Assert.Equal(0, pins.Again(5));
        Assert.True(pins.TryAdd(5, snapshot, out nint image));
        Assert.Equal(5, *(int*)image);
        Assert.Equal(image, pins.Again(5));
        Assert.False(segment.Find(5)!.TryEvict());
        pins.Remove(5);
        pins.Remove(5);
        pins.Remove(5);

        // Nobody points there, but it stays at hand.
        Assert.False(segment.Find(5)!.TryEvict());
        Assert.Equal(image, pins.Again(5));
        pins.Clear();
        Assert.Equal(0, pins.Again(5));
        Assert.True(segment.Find(5)!.TryEvict());
    }

    [Fact]
    public void A_place_in_use_is_not_given_away()
    {
        var pins = new PagePins();
        Assert.True(pins.TryAdd(7, snapshot, out nint first));
        Assert.False(pins.TryAdd(7 + 64, snapshot, out _));
        Assert.Equal(0, pins.Again(7 + 64));
        pins.Remove(7 + 64);
        Assert.Equal(7, *(int*)first);
        pins.Remove(7);
        Assert.True(pins.TryAdd(7 + 64, snapshot, out nint second));
        Assert.Equal(7 + 64, *(int*)second);
        Assert.Equal(0, pins.Again(7));
        Assert.True(segment.Find(7)!.TryEvict());
        pins.Clear();
        Assert.True(segment.Find(7 + 64)!.TryEvict());
    }

    // A commit replaces pages: their old pointers live on, but are given to nobody any more.
    [Fact]
    public void Retired_pages_stay_alive_and_unknown()
    {
        var pins = new PagePins();
        Assert.True(pins.TryAdd(9, snapshot, out nint old));
        Assert.True(pins.TryAdd(10, snapshot, out _));
        pins.Remove(10);
        pins.Retire();
        Assert.Equal(0, pins.Again(9));
        Assert.Equal(0, pins.Again(10));
        Assert.False(pins.TryAdd(9, snapshot, out _));
        Assert.True(pins.TryAdd(10, snapshot, out nint again));
        Assert.Equal(10, *(int*)again);
        pins.Remove(9);
        Assert.False(pins.TryAdd(9 + 64, snapshot, out _));
        Assert.Equal(9, *(int*)old);
        Assert.False(segment.Find(9)!.TryEvict());
        pins.Clear();
        Assert.True(segment.Find(9)!.TryEvict());
    }

    [Fact]
    public void A_failed_load_leaves_the_places_as_they_were()
    {
        var pins = new PagePins();
        Assert.True(pins.TryAdd(3, snapshot, out nint image));
        pins.Remove(3);
        shelf.Store.OnRead = _ => throw new InvalidOperationException("A broken wire.");
        Assert.Throws<InvalidOperationException>(() => pins.TryAdd(3 + (64 * 10), snapshot, out _));
        Assert.Equal(image, pins.Again(3));
        Assert.Equal(3, *(int*)image);
        pins.Clear();
        Assert.True(segment.Find(3)!.TryEvict());
    }

    // Against a model: any order of taking, giving back, retiring and clearing, with a cache that evicts all the time.
    [Fact]
    public void Every_pointer_in_use_points_to_its_page()
    {
        var sample = new Sample(12);
        var pins = new PagePins();
        Dictionary<nint, (uint Page, int Count)> pointers = [];
        List<(uint Page, nint Image)> current = [];
        for (int step = 0; step < 30_000; step++)
        {
            uint page = 1 + (uint)sample.Below(200);
            switch (sample.Below(100))
            {
                case < 50:
                    nint image = pins.Again(page);
                    if (image != 0 || pins.TryAdd(page, snapshot, out image))
                    {
                        current.Add((page, image));
                    }

                    break;
                case < 97:
                    if (current.Count > 0)
                    {
                        int i = sample.Below(current.Count);
                        pins.Remove(current[i].Page);
                        current.RemoveAt(i);
                    }

                    break;
                case 97:
                    // SQLite gives retired pointers back, too, in time; here they are dropped with the transaction.
                    pins.Retire();
                    break;
                case 98:
                    pins.Clear();
                    current.Clear();
                    break;
                default:
                    snapshot.Copy(1 + (uint)sample.Below(1600), new byte[4096]);
                    break;
            }

            if (step % 20 == 0)
            {
                Assert.All(current, each => Assert.Equal(each.Page, *(uint*)each.Image));
            }
        }

        pins.Clear();
        Assert.All(segment.Pages().Select(pair => pair.Value).Distinct().Where(block => block.IsResident), block => Assert.True(block.TryEvict()));
    }
}
