using OrleansSqlite.Stores;

namespace OrleansSqlite.Bench;

/// <summary>Durable single-row inserts on one database, over a store as slow as S3.</summary>
internal static class WritesWorkload
{
    private const ulong Seed = 20261122;

    public static async Task RunAsync(Settings settings, Table table)
    {
        foreach (var (callers, outstanding) in new[] { (1, 1), (16, 1), (256, 1), (256, 4) })
        {
            await MeasureAsync(settings, table, callers, outstanding);
        }
    }

    private static async Task MeasureAsync(Settings settings, Table table, int callers, int outstanding)
    {
        string name = outstanding == 1 ? $"{callers} callers" : $"{callers} callers, {outstanding} outstanding each";
        if (!settings.Wants(name))
        {
            return;
        }

        var modelled = new ModelledStore(new MemoryStore(), new Entropy(Seed));
        var store = new CountingStore(modelled);
        await using var engine = await DatabaseEngine.OpenAsync(store, new DatabaseOptions { ProbeStore = false });
        await engine.CreateAsync("bench");
        var database = engine.Open("bench");
        await database.ExecuteAsync(Inserts.Table);
        StoreCounts before = default;
        (long Count, TimeSpan Time) swapsBefore = default;
        TimeSpan cpu = default;
        var (latencies, time) = await Callers.RunAsync(
            callers * outstanding,
            settings.Length,
            number => database.ExecuteAsync(Inserts.Row(number)),
            () => (before, swapsBefore, cpu) = (store.Counts, modelled.Swaps, Environment.CpuUsage.TotalTime));
        cpu = Environment.CpuUsage.TotalTime - cpu;
        var requests = store.Counts - before;
        var swaps = (Count: modelled.Swaps.Count - swapsBefore.Count, Time: modelled.Swaps.Time - swapsBefore.Time);
        await Inserts.CheckAsync(database);

        // No more than what is outstanding fits into the time of a swap.
        double rate = latencies.Count / time.TotalSeconds;
        double ceiling = callers * outstanding / (swaps.Time.TotalSeconds / swaps.Count);
        table.Add(
            name,
            ("transactions/s", rate),
            ("of the ceiling", rate / ceiling),
            ("p50 ms", latencies.Milliseconds(0.5)),
            ("p99 ms", latencies.Milliseconds(0.99)),
            ("transactions/swap", (double)latencies.Count / swaps.Count),
            ("swap ms", swaps.Time.TotalMilliseconds / swaps.Count),
            ("CPU µs/transaction", cpu.TotalMicroseconds / latencies.Count),
            ("PUT/transaction", (double)(requests.Swaps + requests.Writes) / latencies.Count),
            ("GET/transaction", (double)(requests.Reads + requests.RangeReads) / latencies.Count));
    }
}
