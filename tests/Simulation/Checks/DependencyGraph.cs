namespace OrleansSqlite.Simulation.Checks;

/// <summary>Why one transaction stands before another.</summary>
[Flags]
internal enum Dependency
{
    /// <summary>The other one wrote over what it wrote.</summary>
    WriteWrite = 1,

    /// <summary>The other one read what it wrote.</summary>
    WriteRead = 2,

    /// <summary>The other one wrote over what it read.</summary>
    ReadWrite = 4,

    /// <summary>It was answered before the other one began.</summary>
    Time = 8,
}

/// <summary>A cycle of dependencies.</summary>
/// <param name="Name">The anomaly that it is.</param>
/// <param name="Steps">The dependencies.</param>
internal sealed record Cycle(string Name, IReadOnlyList<(int From, Dependency How)> Steps);

/// <summary>The dependencies between transactions.</summary>
internal sealed class DependencyGraph(int count)
{
    private readonly List<(int To, Dependency How)>[] edges = [.. Enumerable.Range(0, count).Select(static _ => new List<(int, Dependency)>())];

    /// <summary>One stands before another. Nobody stands before himself.</summary>
    public void Add(int from, int to, Dependency how)
    {
        if (from != to)
        {
            edges[from].Add((to, how));
        }
    }

    /// <summary>
    /// Who was answered before another one began stands before it. Only the nearest are joined: those that have no other one between them.
    /// </summary>
    public void AddTime(IReadOnlyList<(int Transaction, long Invoked, long Answered)> spans)
    {
        HashSet<int> newest = [];
        Dictionary<int, int[]> before = [];
        var moments = spans.Select(span => (Moment: span.Invoked, span.Transaction, Begins: true))
            .Concat(spans.Where(span => span.Answered != long.MaxValue).Select(span => (Moment: span.Answered, span.Transaction, Begins: false)));
        foreach (var (_, transaction, begins) in moments.OrderBy(moment => moment.Moment))
        {
            if (begins)
            {
                before[transaction] = [.. newest];
                foreach (int earlier in newest)
                {
                    Add(earlier, transaction, Dependency.Time);
                }
            }
            else
            {
                newest.ExceptWith(before[transaction]);
                newest.Add(transaction);
            }
        }
    }

    /// <summary>A cycle, by the worst name that one has; null if there is none.</summary>
    public Cycle? WorstCycle()
    {
        const Dependency writes = Dependency.WriteWrite;
        const Dependency reads = writes | Dependency.WriteRead;
        const Dependency all = reads | Dependency.ReadWrite;
        if (!HasCycle(all | Dependency.Time))
        {
            return null;
        }

        return Named("G0", Find(writes))
            ?? Named("G1c", Find(reads))
            ?? Named("G-single", FindWithOne(Dependency.ReadWrite, reads))
            ?? Named("G2", Find(all))
            ?? Named("G-single against time", FindWithOne(Dependency.ReadWrite, reads | Dependency.Time))
            ?? Named("cycle against time", Find(all | Dependency.Time));
    }

    private static Cycle? Named(string name, List<(int, Dependency)>? steps) => steps is null ? null : new Cycle(name, steps);

    /// <summary>Takes away whoever has nobody before him, over and over: what is left lies on cycles or behind them.</summary>
    private bool HasCycle(Dependency kinds)
    {
        int[] before = new int[count];
        foreach (var (to, how) in edges.SelectMany(static list => list))
        {
            before[to] += (how & kinds) != 0 ? 1 : 0;
        }

        var free = new Queue<int>(Enumerable.Range(0, count).Where(i => before[i] == 0));
        int taken = 0;
        while (free.TryDequeue(out int next))
        {
            taken++;
            foreach (var (to, how) in edges[next])
            {
                if ((how & kinds) != 0 && --before[to] == 0)
                {
                    free.Enqueue(to);
                }
            }
        }

        return taken < count;
    }

    private List<(int, Dependency)>? Find(Dependency kinds)
    {
        if (!HasCycle(kinds))
        {
            return null;
        }

        return Enumerable.Range(0, count).Select(start => Path(start, start, kinds)).First(path => path is not null);
    }

    /// <summary>A cycle with exactly one dependency of a kind, and others otherwise.</summary>
    private List<(int, Dependency)>? FindWithOne(Dependency one, Dependency others)
    {
        for (int from = 0; from < count; from++)
        {
            foreach (var (to, _) in edges[from].Where(edge => edge.How == one))
            {
                if (Path(to, from, others) is { } way)
                {
                    return [(from, one), .. way];
                }
            }
        }

        return null;
    }

    /// <summary>The shortest way, of at least one step.</summary>
    private List<(int From, Dependency How)>? Path(int start, int end, Dependency kinds)
    {
        Dictionary<int, (int From, Dependency How)> reached = [];
        var next = new Queue<int>([start]);
        while (next.TryDequeue(out int at))
        {
            foreach (var (to, how) in edges[at])
            {
                if ((how & kinds) == 0 || !reached.TryAdd(to, (at, how)))
                {
                    continue;
                }

                if (to != end)
                {
                    next.Enqueue(to);
                    continue;
                }

                List<(int From, Dependency)> way = [reached[end]];
                while (way[0].From != start)
                {
                    way.Insert(0, reached[way[0].From]);
                }

                return way;
            }
        }

        return null;
    }
}
