using System.Diagnostics;
using System.Globalization;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Bench;

/// <summary>The steps of the workload "large", each in a process of its own, which prints a line for each number.</summary>
internal static class LargeSteps
{
    private const int Queries = 200;
    private static readonly DatabaseOptions Options = new() { ProbeStore = false, PageCacheBytes = 64 << 20 };

    public static async Task RunAsync(Settings settings)
    {
        string folder = settings.Folder ?? throw new ArgumentException("A step needs --folder.");
        long began = Stopwatch.GetTimestamp();
        var step = settings.Workload["large-".Length..] switch
        {
            "import" => ImportAsync(folder),
            "cold" => ColdAsync(folder),
            "points" => PointsAsync(folder),
            "scan" => ScanAsync(folder),
            "export" => ExportAsync(folder),
            _ => throw new ArgumentException($"There is no step '{settings.Workload}'."),
        };
        await step;
        Print("s", Stopwatch.GetElapsedTime(began).TotalSeconds);
        Print("CPU s", Environment.CpuUsage.TotalTime.TotalSeconds);
        Print("peak MB", PeakBytes() / 1e6);
    }

    private static async Task ImportAsync(string folder)
    {
        await using var engine = await OpenAsync(Modelled(folder));
        await engine.ImportAsync("large", Path.Combine(folder, "large.db"));
        Print("PUT", engine.Requests.Puts);
        Print("GET", engine.Requests.Gets);
        Print("MB", engine.Requests.BytesWritten / 1e6);
    }

    /// <summary>The longest chain of requests behind the first query of a process, and how long it takes.</summary>
    private static async Task ColdAsync(string folder)
    {
        var chain = new ChainStore(Directory(folder), TimeSpan.FromMilliseconds(500));
        await using (var engine = await OpenAsync(chain))
        {
            var database = engine.Open("large");
            var it = await database.DescribeAsync();
            Print("open GET", chain.Reads);
            Print("segments", it.Segments);
            chain.Reset();
            await QueryAsync(database, 777_777);
            Print("serial", chain.Longest);
            Print("GET", chain.Reads);
        }

        var cold = new Latencies();
        for (int i = 0; i < 20; i++)
        {
            await using var engine = await OpenAsync(Modelled(folder));
            var database = engine.Open("large");
            await database.DescribeAsync();
            long began = Stopwatch.GetTimestamp();
            await QueryAsync(database, 1 + (i * 31_337));
            cold.Add(Stopwatch.GetTimestamp() - began);
        }

        Print("p50 ms", cold.Milliseconds(0.5));
    }

    /// <summary>Points at random places, of a process that has been at it for a while.</summary>
    private static async Task PointsAsync(string folder)
    {
        await using var engine = await OpenAsync(Modelled(folder));
        var database = engine.Open("large");
        long rows = (await database.ScalarAsync("SELECT max(id) FROM article")).AsInteger();
        var random = new Entropy(5);
        var latencies = new Latencies();
        for (int i = 0; i < 3 * Queries; i++)
        {
            if (i == 2 * Queries)
            {
                latencies = new Latencies();
            }

            long began = Stopwatch.GetTimestamp();
            await QueryAsync(database, 1 + (long)(random.NextDouble() * rows));
            latencies.Add(Stopwatch.GetTimestamp() - began);
        }

        Print("p50 ms", latencies.Milliseconds(0.5));
        Print("p99 ms", latencies.Milliseconds(0.99));
        Print("GET", (double)engine.Requests.Gets / (3 * Queries));
        Print("hedged", engine.Requests.Hedged);
    }

    private static async Task ScanAsync(string folder)
    {
        await using var engine = await OpenAsync(Modelled(folder));
        var row = (await engine.Open("large").QueryAllAsync(LargeFile.ScanSql))[0];
        Print("rows", row[0].AsInteger());
        Print("GET", engine.Requests.Gets);
        Print("hedged", engine.Requests.Hedged);
        Print("MB", engine.Requests.BytesRead / 1e6);
    }

    private static async Task ExportAsync(string folder)
    {
        await using var engine = await OpenAsync(Modelled(folder));
        await engine.ExportAsync("large", Path.Combine(folder, "exported.db"));
        Print("GET", engine.Requests.Gets);
        Print("hedged", engine.Requests.Hedged);
        Print("MB", engine.Requests.BytesRead / 1e6);
    }

    private static async Task QueryAsync(EngineDatabase database, long id)
    {
        var rows = await database.QueryAllAsync(new Statement(LargeFile.PointSql, id), ReadLevel.AtLeast(0));
        if (rows.Count != 1)
        {
            throw new InvalidOperationException($"{rows.Count} rows have the id {id}.");
        }
    }

    private static Task<DatabaseEngine> OpenAsync(IObjectStore store) => DatabaseEngine.OpenAsync(store, Options);

    private static ModelledStore Modelled(string folder) => new(Directory(folder), new Entropy(1));

    private static IObjectStore Directory(string folder) =>
        ObjectStores.Open(new Uri(Path.Combine(folder, "store")).AbsoluteUri, TimeProvider.System, Entropy.System);

    private static long PeakBytes()
    {
        // The kernel's own account; where there is none, what the runtime knows.
        const string status = "/proc/self/status";
        if (!File.Exists(status))
        {
            return Process.GetCurrentProcess().PeakWorkingSet64;
        }

        string line = File.ReadLines(status).Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }

    private static void Print(string name, double value) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}\t{value}"));
}
