using System.Diagnostics;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Bench;

/// <summary>
/// A long life: commit after commit to one database whose data does not grow, in a year of the store's own time. What a commit and an opening cost must be at the end what they were at the
/// start, and the store must hold no more than the data and the history that is kept.
/// </summary>
internal static class LongWorkload
{
    private const int Parts = 10;
    private const int Rows = 2000;
    private static readonly TimeSpan Life = TimeSpan.FromDays(365);

    public static async Task RunAsync(Settings settings, Table table)
    {
        var time = new MovingTime();
        string url = settings.Store ?? "memory:long";
        IObjectStore look = ObjectStores.Open(url, time, Entropy.System);
        var options = new DatabaseOptions { ProbeStore = false, HedgeReads = false };
        var engine = await DatabaseEngine.OpenAsync(ObjectStores.Open(url, time, Entropy.System), options, time: time);
        await engine.CreateAsync("bench");
        await engine.Open("bench").ExecuteAsync("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, at INTEGER)");
        await engine.Open("bench").ExecuteAsync($"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {Rows}) INSERT INTO item SELECT n, hex(randomblob(100)), 0 FROM c");
        int each = settings.Commits / Parts;
        var step = Life / settings.Commits;
        for (int part = 1; part <= Parts; part++)
        {
            var database = engine.Open("bench");
            var before = engine.Requests;
            var clock = Stopwatch.StartNew();
            for (int i = 0; i < each; i++)
            {
                time.Advance(step);
                int at = (part * each) + i;
                await database.ExecuteAsync(new Batch(new Statement("UPDATE item SET name = hex(randomblob(100)), at = ? WHERE id = ?", at, 1 + (at * 7919L % Rows))));
            }

            clock.Stop();
            var spent = engine.Requests - before;

            // Who comes anew: opens, and reads everything. In between the old one ends in good order.
            await engine.DisposeAsync();
            engine = await DatabaseEngine.OpenAsync(ObjectStores.Open(url, time, Entropy.System), options, time: time);
            var there = await engine.Open("bench").DescribeAsync();
            var opening = engine.Requests;
            var (objects, bytes) = await StoredAsync(look);
            var head = await look.ReadAsync("bench/head", null, CancellationToken.None);
            table.Add(
                $"{part * each} commits",
                ("head bytes", head.Content.Length),
                ("PUT/commit", (double)spent.Puts / each),
                ("GET/commit", (double)spent.Gets / each),
                ("bytes out/commit", (double)spent.BytesWritten / each),
                ("ms/commit", clock.Elapsed.TotalMilliseconds / each),
                ("requests to open", opening.Requests),
                ("bytes to open", opening.BytesRead),
                ("segments", there.Segments),
                ("versions kept", there.Version - there.OldestVersion),
                ("objects", objects),
                ("store bytes", bytes),
                ("database bytes", there.Bytes));
        }

        await CheckAsync(engine, each, table);
        await engine.DisposeAsync();
        await look.DisposeAsync();
    }

    /// <summary>Everything that is named, beside everything that is there.</summary>
    private static async Task CheckAsync(DatabaseEngine engine, int each, Table table)
    {
        var report = await engine.CollectAsync("bench");
        var verified = await engine.VerifyAsync("bench", history: true);
        table.Add(
            $"after {Parts * each}, collected",
            ("objects", report.Kept + report.Young),
            ("objects deleted", report.Deleted),
            ("store bytes", report.KeptBytes),
            ("store bytes/named bytes", (report.KeptBytes + report.DeletedBytes) / (double)report.KeptBytes),
            ("findings", verified.Findings.Count));
    }

    private static async Task<(int Objects, long Bytes)> StoredAsync(IObjectStore store)
    {
        int objects = 0;
        long bytes = 0;
        await foreach (var listed in store.ListAsync("bench/", CancellationToken.None))
        {
            objects++;
            bytes += listed.Bytes;
        }

        return (objects, bytes);
    }

    /// <summary>A clock that goes by itself and can be put on.</summary>
    private sealed class MovingTime : TimeProvider
    {
        private long ahead;

        public void Advance(TimeSpan time) => Interlocked.Add(ref ahead, time.Ticks);

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Volatile.Read(ref ahead));

        public override long GetTimestamp() => System.GetTimestamp() + (long)(Volatile.Read(ref ahead) / (double)TimeSpan.TicksPerSecond * System.TimestampFrequency);

        public override long TimestampFrequency => System.TimestampFrequency;
    }
}
