namespace OrleansSqlite.Pages;

/// <summary>
/// The bound on memory for pages that can be read again from the store: one for all databases of an engine.
/// Eviction is CLOCK: a ring of blocks, a hand that gives each touched one a second chance.
/// </summary>
internal sealed class PageCache : IDisposable
{
    private readonly Lock gate = new();
    private readonly long limitBytes;
    private readonly List<Block> ring = [];
    private int hand;
    private long residentBytes;

    public PageCache(long limitBytes) => this.limitBytes = limitBytes;

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
                    residentBytes -= block.Bytes;
                }
            }

            ring.Clear();
        }
    }

    private void Shrink()
    {
        // Twice round the ring: once to clear the marks, once to find those without. What is left then is pinned.
        for (int steps = 2 * ring.Count; residentBytes > limitBytes && steps > 0 && ring.Count > 0; steps--)
        {
            hand = hand >= ring.Count ? 0 : hand;
            var block = ring[hand];
            if (block.Touched)
            {
                block.Touched = false;
                hand++;
            }
            else if (block.TryEvict())
            {
                residentBytes -= block.Bytes;
                ring[hand] = ring[^1];
                ring.RemoveAt(ring.Count - 1);
            }
            else
            {
                hand++;
            }
        }
    }
}
