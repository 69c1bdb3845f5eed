using Microsoft.Data.Sqlite;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Bench;

/// <summary>Durable single-row inserts on a real store.</summary>
internal static class StoreWorkloads
{
    /// <summary>A directory, beside a plain SQLite file on the same disk that flushes at each commit.</summary>
    public static async Task DirectoryAsync(Settings settings, Table table)
    {
        var folder = Directory.CreateTempSubdirectory("orleans-sqlite-bench-");
        try
        {
            double plain = Plain(settings, Path.Combine(folder.FullName, "plain.db"));
            table.Add("plain SQLite, 1 caller", ("transactions/s", plain));
            await MeasureAsync(settings, table, settings.Store ?? $"file:{Path.Combine(folder.FullName, "store")}", plain);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>S3, or what speaks its language.</summary>
    public static Task S3Async(Settings settings, Table table) =>
        MeasureAsync(settings, table, settings.Store ?? throw new ArgumentException("Name the store: --store s3://bucket/prefix?endpoint=…"), null);

    private static async Task MeasureAsync(Settings settings, Table table, string url, double? plain)
    {
        foreach (int callers in new[] { 1, 16, 256 })
        {
            var store = new CountingStore(ObjectStores.Open(url, TimeProvider.System, Entropy.System));
            await using var engine = await DatabaseEngine.OpenAsync(store);
            string name = $"bench-{Entropy.System.NextGuid():n}";
            await engine.CreateAsync(name);
            var database = engine.Open(name);
            await database.ExecuteAsync(Inserts.Table);
            StoreCounts before = default;
            var (latencies, time) = await Callers.RunAsync(
                callers, settings.Length, number => database.ExecuteAsync(Inserts.Row(number)), () => before = store.Counts);
            var requests = store.Counts - before;
            await Inserts.CheckAsync(database);
            await engine.DeleteAsync(name);
            double rate = latencies.Count / time.TotalSeconds;
            (string, double)[] ratio = plain is { } local ? [("× plain", rate / local)] : [];
            table.Add(
                $"{callers} callers",
                [
                    ("transactions/s", rate),
                    .. ratio,
                    ("p50 ms", latencies.Milliseconds(0.5)),
                    ("p99 ms", latencies.Milliseconds(0.99)),
                    ("transactions/swap", (double)latencies.Count / requests.SwapsDone),
                    ("PUT/transaction", (double)(requests.Swaps + requests.Writes) / latencies.Count),
                ]);
        }
    }

    private static double Plain(Settings settings, string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {Inserts.Table}";
        command.ExecuteNonQuery();
        command.CommandText = "INSERT INTO event(number, text) VALUES ($number, $text)";
        var number = command.Parameters.AddWithValue("$number", 0L);
        command.Parameters.AddWithValue("$text", Inserts.Text);
        command.Prepare();
        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        long count = 0;
        while (System.Diagnostics.Stopwatch.GetElapsedTime(began) < settings.Length)
        {
            number.Value = ++count;
            command.ExecuteNonQuery();
        }

        return count / System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
