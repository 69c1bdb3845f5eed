using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansSqlite.Server;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Bench;

/// <summary>
/// Durable single-row inserts into one database by 256 clients of the server, each over a connection of its own, beside as many callers of the engine
/// below it. Clients and server share one process and its processors; S3's latencies are modelled. Memory is that of the process, sampled after collections
/// of its garbage: let it run for ten minutes (--seconds 600) to see whether it grows.
/// </summary>
internal static class HttpWorkload
{
    private const int Clients = 256;
    private const ulong Seed = 20261123;

    /// <summary>So little that it is full soon: what memory grows by from then on is no cache.</summary>
    private const long PageCacheBytes = 8 << 20;

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    public static async Task RunAsync(Settings settings, Table table)
    {
        await MeasureAsync(settings, table, "engine", static (database, _) => number => database.ExecuteAsync(Inserts.Row(number)));
        await MeasureAsync(settings, table, "REST", static (_, http) => number => PostAsync(
            http, "/v1/databases/bench/execute", new { statements = new[] { new { sql = Inserts.Sql, args = new object[] { number, Inserts.Text } } } }));
        await MeasureAsync(settings, table, "libSQL", static (_, http) => number => PostAsync(http, "/db/bench/v3/pipeline", new
        {
            requests = new object[]
            {
                new { type = "execute", stmt = new { sql = Inserts.Sql, args = new[] { new { type = "integer", value = $"{number}" }, new { type = "text", value = Inserts.Text } } } },
                new { type = "close" },
            },
        }));
    }

    private static async Task MeasureAsync(Settings settings, Table table, string name, Func<EngineDatabase, HttpClient, Func<long, Task>> call)
    {
        if (!settings.Wants(name))
        {
            return;
        }

        var folder = Directory.CreateTempSubdirectory("orleans-sqlite-bench-");
        try
        {
            var store = new CountingStore(new ModelledStore(new DirectoryStore(folder.FullName), new Entropy(Seed)));
            await using var engine = await DatabaseEngine.OpenAsync(store, new DatabaseOptions { ProbeStore = false, PageCacheBytes = PageCacheBytes });
            await engine.CreateAsync("bench");
            var database = engine.Open("bench");
            await database.ExecuteAsync(Inserts.Table);
            await using var app = Serve(engine);
            await app.StartAsync();
            using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Clients }) { BaseAddress = new Uri(app.Urls.Single()) };
            StoreCounts before = default;
            using var ended = new CancellationTokenSource();
            var memory = Task.FromResult((0L, 0L));
            var (latencies, time) = await Callers.RunAsync(Clients, settings.Length, call(database, http), () =>
            {
                before = store.Counts;
                memory = WatchMemoryAsync(settings.Length / 40, ended.Token);
            });
            var requests = store.Counts - before;
            await ended.CancelAsync();
            var (early, late) = await memory;
            await Inserts.CheckAsync(database);
            table.Add(
                name,
                ("transactions/s", latencies.Count / time.TotalSeconds),
                ("p50 ms", latencies.Milliseconds(0.5)),
                ("p99 ms", latencies.Milliseconds(0.99)),
                ("PUT/transaction", (double)(requests.Swaps + requests.Writes) / latencies.Count),
                ("GET/transaction", (double)(requests.Reads + requests.RangeReads) / latencies.Count),
                ("MiB, first half", early / (double)(1 << 20)),
                ("MiB, second half", late / (double)(1 << 20)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static WebApplication Serve(DatabaseEngine engine)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IDatabaseCatalog>(engine);
        builder.Services.AddOrleansSqliteServer();
        var app = builder.Build();
        app.UseOrleansSqliteServer();
        app.MapOrleansSqlite();
        return app;
    }

    private static async Task PostAsync<T>(HttpClient http, string path, T body)
    {
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body));
        content.Headers.ContentType = Json;
        using var response = await http.PostAsync(new Uri(path, UriKind.Relative), content);
        string answer = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode || answer.Contains("\"type\":\"error\"", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{(int)response.StatusCode}: {answer}");
        }
    }

    /// <summary>The memory that was in use at twenty moments of the first half of the time and of the second: the middle one each, since one may fall into a compaction.</summary>
    private static async Task<(long FirstHalf, long SecondHalf)> WatchMemoryAsync(TimeSpan pause, CancellationToken ended)
    {
        List<long> samples = [];
        while (!ended.IsCancellationRequested)
        {
            samples.Add(GC.GetTotalMemory(forceFullCollection: true));
            await Task.Delay(pause, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        int half = Math.Max(1, samples.Count / 2);
        return (Median(samples[..half]), Median(samples[half..]));

        static long Median(List<long> of) => of.Count == 0 ? 0 : of.Order().ElementAt(of.Count / 2);
    }
}
