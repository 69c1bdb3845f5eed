using System.Runtime.InteropServices;

namespace OrleansSqlite.Pages;

/// <summary>
/// Page images in native memory, immutable once published. Two kinds share the class because a page table holds both:
/// a frame page (one image of a commit that still stands inline in the head, freed when the last table that names it goes)
/// and a block of a segment (several images, evictable: it can be read again from the store).
/// </summary>
internal sealed unsafe class Block
{
    private nint data;
    private int pins;
    private int references;
    private int ahead;
    private byte most = 1;

    private Block(Segment? segment, int index, uint firstPage, int bytes, nint data)
    {
        Segment = segment;
        Index = index;
        FirstPage = firstPage;
        Bytes = bytes;
        this.data = data;
    }

    /// <summary>The segment that this block can be read again from; null for a frame page.</summary>
    public Segment? Segment { get; }

    /// <summary>The block's index in its segment.</summary>
    public int Index { get; }

    /// <summary>The page of the first image.</summary>
    public uint FirstPage { get; }

    /// <summary>The size of all images.</summary>
    public int Bytes { get; }

    /// <summary>How often the cache's hand passes by before it takes the block (CLOCK). Full again whenever somebody reads.</summary>
    public byte Chances { get; set; }

    /// <summary>Whether the images are in memory at this moment.</summary>
    public bool IsResident => Volatile.Read(ref data) != 0;

    /// <summary>A frame page over memory from <see cref="NativeMemory"/>, which it owns from now on. Its first reference is the caller's.</summary>
    public static Block ForFrame(uint page, nint image, int pageBytes) => new(null, 0, page, pageBytes, image) { references = 1 };

    /// <summary>A segment's block, not in memory yet.</summary>
    public static Block ForSegment(Segment segment, int index, uint firstPage, int bytes) => new(segment, index, firstPage, bytes, 0);

    /// <summary>One more page table names this block.</summary>
    public void AddReference()
    {
        if (Segment is null)
        {
            Interlocked.Increment(ref references);
        }
    }

    /// <summary>One page table fewer names this block. A frame page that nobody names is freed: who reads it holds a snapshot that names it.</summary>
    public void Release()
    {
        if (Segment is null && Interlocked.Decrement(ref references) == 0)
        {
            NativeMemory.Free((void*)data);
            data = 0;
        }
    }

    /// <summary>Keeps a block in memory. False if it is not there: then it must be loaded.</summary>
    public bool TryPin()
    {
        if (Segment is null)
        {
            return true;
        }

        int seen = Volatile.Read(ref pins);
        while (seen >= 0)
        {
            int was = Interlocked.CompareExchange(ref pins, seen + 1, seen);
            if (was == seen)
            {
                if (IsResident)
                {
                    Chances = most;
                    if (ahead != 0 && TakeAhead())
                    {
                        Segment.Reached(this);
                    }

                    return true;
                }

                Interlocked.Decrement(ref pins);
                return false;
            }

            seen = was;
        }

        return false;
    }

    /// <summary>Lets go of a pin.</summary>
    public void Unpin()
    {
        if (Segment is not null)
        {
            Interlocked.Decrement(ref pins);
        }
    }

    /// <summary>The image of a page in this block, which the caller has pinned (or whose snapshot it holds, for a frame page).</summary>
    public byte* Image(int slot, int pageBytes) => (byte*)data + ((long)slot * pageBytes);

    /// <summary>The next images that are published come before anybody wants them.</summary>
    public void MarkAhead() => Volatile.Write(ref ahead, 1);

    /// <summary>Whether nobody has wanted the block since it was read ahead; true once only.</summary>
    public bool TakeAhead() => Interlocked.Exchange(ref ahead, 0) != 0;

    /// <summary>Publishes the images of a segment's block. False if it has some: then the memory stays the caller's, else it is the block's.</summary>
    /// <param name="images">The images.</param>
    /// <param name="pinned">Whether the caller gets a pin: then nobody can evict the block before the caller has seen it.</param>
    /// <param name="isKept">Whether the cache keeps it longer than others.</param>
    public bool TryPublish(nint images, bool pinned, bool isKept)
    {
        if (pinned)
        {
            var wait = new SpinWait();
            int seen;
            while ((seen = Volatile.Read(ref pins)) < 0 || Interlocked.CompareExchange(ref pins, seen + 1, seen) != seen)
            {
                // The last eviction is about to let go of the block.
                wait.SpinOnce();
            }
        }

        // What was read ahead must last until it is wanted; anything else has to be wanted a second time.
        most = isKept ? PageCache.ChancesOfKept : (byte)1;
        Chances = isKept || Volatile.Read(ref ahead) != 0 ? most : (byte)0;
        if (Interlocked.CompareExchange(ref data, images, 0) == 0)
        {
            return true;
        }

        if (pinned)
        {
            Interlocked.Decrement(ref pins);
        }

        return false;
    }

    /// <summary>Frees the images unless somebody has them pinned.</summary>
    public bool TryEvict()
    {
        // Pins at -1 keep others from pinning between the check and the release.
        if (Interlocked.CompareExchange(ref pins, -1, 0) != 0)
        {
            return false;
        }

        nint images = Interlocked.Exchange(ref data, 0);
        Volatile.Write(ref pins, 0);
        NativeMemory.Free((void*)images);
        return images != 0;
    }
}
