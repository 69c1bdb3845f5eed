using System.Diagnostics;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Bench;

/// <summary>A file of 100 MB in and out, beside SQLite's own copy of it to a new file.</summary>
internal static class ImportWorkload
{
    private const int Rows = 98_000;

    public static async Task RunAsync(Settings settings, Table table)
    {
        var folder = Directory.CreateTempSubdirectory("orleans-sqlite-bench-");
        try
        {
            string file = Path.Combine(folder.FullName, "large.db");
            Make(file);
            double bytes = new FileInfo(file).Length;
            double plain = await RateAsync(bytes, () => Task.Run(() => VacuumInto(file, Path.Combine(folder.FullName, "copy.db"))));
            table.Add("VACUUM INTO of plain SQLite", ("MB/s", plain));
            var memory = new MemoryStore();
            await TransferAsync(table, "memory", () => memory, file, bytes, plain);
            await TransferAsync(table, "directory", () => Open($"file:{Path.Combine(folder.FullName, "store")}"), file, bytes, plain);
            await TransferAsync(table, "S3's latencies", () => new ModelledStore(memory, new Entropy(1)), file, bytes, plain);
            if (settings.Store is { } url)
            {
                await TransferAsync(table, url, () => Open(url), file, bytes, plain);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task TransferAsync(Table table, string name, Func<IObjectStore> open, string file, double bytes, double plain)
    {
        var options = new DatabaseOptions { ProbeStore = false };
        var store = new CountingStore(open());
        string database = $"bench-{Entropy.System.NextGuid():n}";
        await using (var engine = await DatabaseEngine.OpenAsync(store, options))
        {
            double rate = await RateAsync(bytes, () => engine.ImportAsync(database, file));
            table.Add($"import, {name}", ("MB/s", rate), ("× plain", rate / plain), ("stored MB", store.Counts.BytesWritten / 1e6));
        }

        // A new engine, so that nothing is in memory.
        await using (var engine = await DatabaseEngine.OpenAsync(open(), options))
        {
            string exported = $"{file}.{database}";
            double rate = await RateAsync(bytes, () => engine.ExportAsync(database, exported));
            table.Add($"export, {name}", ("MB/s", rate), ("× plain", rate / plain));
            File.Delete(exported);
            await engine.DeleteAsync(database);
        }
    }

    private static IObjectStore Open(string url) => ObjectStores.Open(url, TimeProvider.System, Entropy.System);

    private static void Make(string file) => Run(file, $"""
        PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
        CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, v TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Rows})
          INSERT INTO t SELECT i, i * 7919 % {Rows}, hex(randomblob(500)) FROM n;
        CREATE INDEX t_k ON t(k);
        """);

    private static void VacuumInto(string file, string copy) => Run(file, $"VACUUM INTO '{copy}'");

    private static void Run(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static async Task<double> RateAsync(double bytes, Func<Task> transfer)
    {
        long began = Stopwatch.GetTimestamp();
        await transfer();
        return bytes / 1e6 / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
