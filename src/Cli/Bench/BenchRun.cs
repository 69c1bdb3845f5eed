using OrleansSqlite.Stores;

namespace OrleansSqlite.Cli;

/// <summary>The workload: callers that each insert a small row, one durable transaction after the other.</summary>
internal sealed class BenchRun(EngineDatabase database, CountingStore store, TimeProvider time)
{
    private const string Payload = "A row of the size that an event or an order line has, so about a hundred characters in all of it.";

    public async Task<BenchResult> RunAsync(int callers, TimeSpan length, CancellationToken cancellation)
    {
        await database.ExecuteAsync("create table event(id integer primary key, caller integer, text text)", null, cancellation);
        var before = store.Counts;
        var start = time.GetTimestamp();
        var latencies = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(caller, start, length, cancellation), cancellation)));
        var elapsed = time.GetElapsedTime(start);
        var all = latencies.SelectMany(some => some).ToArray();
        Array.Sort(all);
        return new(callers, elapsed, all, store.Counts - before);
    }

    private async Task<List<TimeSpan>> CallAsync(int caller, long start, TimeSpan length, CancellationToken cancellation)
    {
        var insert = new Batch(new Statement("insert into event(caller, text) values (?, ?)", caller, Payload));
        List<TimeSpan> latencies = [];
        while (time.GetElapsedTime(start) < length)
        {
            var began = time.GetTimestamp();
            await database.ExecuteAsync(insert, cancellation);
            latencies.Add(time.GetElapsedTime(began));
        }

        return latencies;
    }
}
