namespace OrleansSqlite.Pages;

/// <summary>
/// Notices scans of one database, and has the blocks that they come to next read meanwhile. A scan is a reader that goes up a segment block by
/// block, with small gaps: the leaves of a b-tree lie so, and other pages lie between them. Two steps must have been seen, so that a point query,
/// which goes down a tree, is not one. What is read ahead doubles while the reader keeps coming, and goes on in the segment behind.
/// </summary>
internal sealed class ReadAhead(SegmentSource source, AheadBudget budget)
{
    private const int Streams = 16;
    private const int MaxGap = 4;
    private const int Steps = 2;
    private const int FirstWindow = 4;
    private const int Forgotten = 64;

    /// <summary>8 MiB of pages: with 24 ms for a request that is 330 MB/s, about what a processor unpacks.</summary>
    private const int MaxWindow = 128;

    private readonly Lock gate = new();
    private readonly List<Stream> streams = [];
    private long clock;

    /// <summary>A block was not in memory, and its reader is about to read it.</summary>
    public void Missed(Segment segment, int block) => Notice(segment, block, missed: true);

    /// <summary>A block that was read ahead is wanted for the first time.</summary>
    public void Reached(Segment segment, int block) => Notice(segment, block, missed: false);

    private void Notice(Segment segment, int block, bool missed)
    {
        if (!budget.IsUseful)
        {
            return;
        }

        List<(Segment Segment, int First, int Last)> wanted = [];
        lock (gate)
        {
            if (streams.Find(each => each.Expects(segment, block)) is { } stream)
            {
                stream.Used = ++clock;
                stream.Step(block);
                Plan(stream, wanted);
            }
            else if (missed)
            {
                Add(new Stream(segment, block) { Used = ++clock });
            }
        }

        foreach (var (from, first, last) in wanted)
        {
            _ = from.FetchAheadAsync(first, last, budget);
        }
    }

    /// <summary>
    /// What to read now, so that the reader has the window before it. A quarter of it with each request, once it has grown: so several are on their way
    /// at a time, and unpacked on several processors.
    /// </summary>
    private void Plan(Stream stream, List<(Segment Segment, int First, int Last)> wanted)
    {
        if (stream.Seen < Steps || stream.Edge - stream.At > stream.Window * 3 / 4)
        {
            return;
        }

        int window = Math.Clamp(2 * stream.Window, FirstWindow, MaxWindow);
        int last = stream.Segment.BlockCount - 1;
        bool all = Advance(stream, Math.Min(stream.At + window, last), wanted);

        // If there is no room for more, a quarter of what there was is read with the next request, as ever: not a block each time.
        stream.Window = all ? window : Math.Max(FirstWindow, stream.Edge - stream.At);
        int beyond = stream.At + window - last;
        if (!all || beyond <= 0 || source.Behind(stream.Segment) is not { } behind)
        {
            return;
        }

        var next = streams.Find(each => each.Segment == behind && each.At < 0);
        if (next is null)
        {
            // What was learned here holds there.
            next = new Stream(behind, -1) { Seen = Steps };
            Add(next);
        }

        next.Used = ++clock;
        next.Window = window;
        int goal = Math.Min(beyond, behind.BlockCount) - 1;
        if (goal - next.Edge >= window / 4)
        {
            Advance(next, goal, wanted);
        }
    }

    /// <summary>Takes room up to a block, as far as there is some, and says whether that was all.</summary>
    private bool Advance(Stream stream, int end, List<(Segment Segment, int First, int Last)> wanted)
    {
        if (end <= stream.Edge)
        {
            return true;
        }

        int granted = budget.Take(end - stream.Edge, stream.Segment.BlockBytes);
        if (granted == 0 && streams.Find(each => each.Edge > each.At && clock - each.Used > Forgotten) is { } forgotten)
        {
            // Its reader has stopped, as one with a LIMIT does. What waits for it takes room from those who come.
            Drop(forgotten);
            granted = budget.Take(end - stream.Edge, stream.Segment.BlockBytes);
        }

        if (granted > 0)
        {
            wanted.Add((stream.Segment, stream.Edge + 1, stream.Edge + granted));
            stream.Edge += granted;
        }

        return stream.Edge >= end;
    }

    private void Drop(Stream stream)
    {
        stream.Segment.PassBy(stream.At + 1, stream.Edge);
        streams.Remove(stream);
    }

    private void Add(Stream stream)
    {
        if (streams.Count < Streams)
        {
            streams.Add(stream);
            return;
        }

        int oldest = 0;
        for (int i = 1; i < streams.Count; i++)
        {
            oldest = streams[i].Used < streams[oldest].Used ? i : oldest;
        }

        Drop(streams[oldest]);
        streams.Add(stream);
    }

    /// <summary>A reader who goes up a segment, as far as one can tell.</summary>
    private sealed class Stream(Segment segment, int at)
    {
        public Segment Segment => segment;

        /// <summary>The block that it was seen at last.</summary>
        public int At { get; private set; } = at;

        /// <summary>How many steps it was seen to make.</summary>
        public int Seen { get; set; }

        /// <summary>The last block that was asked for.</summary>
        public int Edge { get; set; } = at;

        /// <summary>How many blocks it is to have before it.</summary>
        public int Window { get; set; }

        public long Used { get; set; }

        public bool Expects(Segment other, int block) =>
            other == segment && block > At && (block - At <= MaxGap || block <= Edge + 1);

        public void Step(int block)
        {
            // What lies in a gap is another table's: it need not wait for anybody.
            Segment.PassBy(At + 1, block - 1);
            At = block;
            Edge = Math.Max(Edge, block);
            Seen++;
        }
    }
}
