namespace OrleansSqlite.Pages;

/// <summary>
/// The bound on memory for pages that can be read again from the store: one for all databases of an engine.
/// Eviction is CLOCK: a ring of blocks, a hand that gives each touched one a second chance, and those that every way down a b-tree
/// leads through a few more.
/// </summary>
internal sealed class PageCache : IDisposable
{
    /// <summary>How often the hand passes by a block of interior pages that nobody has wanted since.</summary>
    public const byte ChancesOfKept = 4;

    private readonly Lock gate = new();
    private readonly long limitBytes;
    private readonly List<Block> ring = [];
    private int hand;
    private long residentBytes;

    public PageCache(long limitBytes, DiskCache? disk = null)
    {
        this.limitBytes = limitBytes;
        Disk = disk;
        Ahead = new AheadBudget(limitBytes);
    }

    /// <summary>How much of it may be read ahead.</summary>
    public AheadBudget Ahead { get; }

    /// <summary>The cache on disk behind this one, if there is one.</summary>
    public DiskCache? Disk { get; }

    /// <summary>The memory in use, in bytes.</summary>
    public long ResidentBytes => Volatile.Read(ref residentBytes);

    /// <summary>The bound, in bytes. Passed only while more than this is pinned at once.</summary>
    public long LimitBytes => limitBytes;

    /// <summary>Takes a block that has just been published into account, and makes room for it.</summary>
    public void Add(Block block)
    {
        lock (gate)
        {
            ring.Add(block);
            residentBytes += block.Bytes;
            Shrink();
        }
    }

    /// <summary>Frees everything that is not in use.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (var block in ring)
            {
                if (block.TryEvict())
                {
                    Evicted(block);
                }
            }

            ring.Clear();
        }
    }

    private void Shrink()
    {
        // Round the ring until the last chance of each is used, and once more to find those without. What is left then is pinned.
        for (int steps = (1 + ChancesOfKept) * ring.Count; residentBytes > limitBytes && steps > 0 && ring.Count > 0; steps--)
        {
            hand = hand >= ring.Count ? 0 : hand;
            var block = ring[hand];
            if (block.Chances > 0)
            {
                block.Chances--;
                hand++;
            }
            else if (block.TryEvict())
            {
                Evicted(block);
                ring[hand] = ring[^1];
                ring.RemoveAt(ring.Count - 1);
            }
            else
            {
                hand++;
            }
        }
    }

    private void Evicted(Block block)
    {
        residentBytes -= block.Bytes;
        if (block.TakeAhead())
        {
            Ahead.Give(block.Segment!.BlockBytes);
        }
    }
}
