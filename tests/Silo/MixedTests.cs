using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OrleansSqlite.Tests.Examples;
using Xunit.Abstractions;

namespace OrleansSqlite.Tests;

/// <summary>
/// Everybody at once on one database: two silos that find each other in the store, processes with the library alone, an app that is a
/// client of the cluster, and callers over HTTP, while a silo is killed; on S3, all of them over a network that fails.
/// </summary>
public sealed class MixedTests(ITestOutputHelper output) : IDisposable
{
    private const int Workers = 3;

    /// <summary>
    /// How many round trips a library's commit may take, however busy the rest is. A round trip is one attempt of the write: to read the
    /// newest head (if it isn't known), run on it, and swap; every one but the last was lost to somebody else's commit. What the network
    /// did to single requests of an attempt is not counted: that is no matter of fairness, and nobody else's commit ends it.
    /// </summary>
    private const int MaxRoundTrips = 20;

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("orleans-sqlite-");

    static MixedTests() => WorkerProcess.HostOptions =
        ["exec", "--runtimeconfig", Path.Combine(AppContext.BaseDirectory, $"{typeof(MixedTests).Assembly.GetName().Name}.runtimeconfig.json")];

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public Task On_a_directory_nothing_is_lost_and_nobody_starves() => RunAsync(new Uri(directory.CreateSubdirectory("store").FullName).AbsoluteUri, rowsEach: 150);

    [S3Fact]
    [Trait("Category", "S3")]
    public Task On_S3_over_a_network_that_fails_nothing_is_lost_and_nobody_starves() => S3Server.WithStoreAsync(async store =>
    {
        const ulong seed = 20261123;
        await using var proxy = new FaultProxy(new Uri(S3Server.Endpoint!), new Entropy(seed));
        await RunAsync(
            store.Replace(Uri.EscapeDataString(S3Server.Endpoint!), Uri.EscapeDataString(proxy.Endpoint.OriginalString), StringComparison.Ordinal),
            rowsEach: 60,
            rates => proxy.Rates = rates);
        output.WriteLine($"{proxy.Faults} faults: {string.Join(", ", Enum.GetValues<Fate>().Select(fate => $"{fate} {proxy.Count(fate)}"))}");
        Assert.True(proxy.Faults > 100, $"{proxy.Faults} faults are no bad network.");
    });

    private async Task RunAsync(string store, int rowsEach, Action<FateRates>? network = null)
    {
        await using (var engine = await DatabaseEngine.OpenAsync(store))
        {
            await engine.CreateAsync("app");
            await engine.Open("app").ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER NOT NULL)");
        }

        string[] cluster = ["--store", store, "--clustering", "store", "--grain-storage", "store", "--advertised-address", "127.0.0.1"];
        await using var first = await SiloProcess.StartAsync(cluster);
        await using var second = await SiloProcess.StartAsync(cluster);
        await using var app = await AppAsync(store);
        using var browser = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        var database = app.Services.GetRequiredService<IDatabaseCatalog>().Get("app");

        ConcurrentBag<(long Value, long Id)> acknowledged = [];
        var workers = Enumerable.Range(1, Workers).Select(i => WorkerProcess.Start(
            "insert", "--store", store, "--db", "app", "--count", $"{rowsEach}", "--id", $"{i}", "--ack", AckFile(i), "--losses", LossesFile(i))).ToArray();
        try
        {
            // A process that does not reach the store when it starts says so and ends; what this is about begins behind that.
            await UntilAsync(() => Enumerable.Range(1, Workers).All(i => File.Exists(AckFile(i)) || workers[i - 1].HasExited));
            network?.Invoke(FateRates.Chaos);
            var byApp = InsertAsync(4, rowsEach, async value =>
            {
                // A failure says that the row is not there, and never will be: one that says so wrongly shows as a row that is there twice.
                await UntilAsync(async () => (await browser.PostAsync($"orders/{value}", null)).StatusCode switch
                {
                    HttpStatusCode.OK => true,
                    HttpStatusCode.InternalServerError when network is not null => false,
                    var other => throw new InvalidOperationException($"The app has answered {other}."),
                });
                long id = 0;
                await UntilAsync(async () =>
                {
                    try
                    {
                        id = (await database.ScalarAsync(new Statement("SELECT id FROM t WHERE v = ?", value))).AsInteger();
                        return true;
                    }
                    catch (DatabaseException e) when (network is not null && e.Kind == ErrorKind.Unavailable)
                    {
                        return false;
                    }
                });
                return id;
            });
            var byHttp = InsertAsync(5, rowsEach, value => PostAsync(second.Client, value));
            await Task.WhenAny(Task.WhenAll(byApp, byHttp), UntilAsync(() => acknowledged.Count > rowsEach / 2));
            await first.SignalAsync("KILL");
            await Task.WhenAll(byApp, byHttp);
            foreach (var worker in workers)
            {
                Assert.Equal("", await worker.SucceedAsync());
            }
        }
        finally
        {
            Array.ForEach(workers, worker => worker.Dispose());
        }

        network?.Invoke(FateRates.None);

        var all = acknowledged.Concat(Enumerable.Range(1, Workers).SelectMany(i => Acknowledged.Read(AckFile(i)))).ToArray();
        Assert.Equal((Workers + 2) * rowsEach, all.Length);
        await using (var engine = await DatabaseEngine.OpenAsync(store))
        {
            await Acknowledged.AssertKeptAsync(engine.Open("app"), all);
            Assert.Equal("ok", (await engine.Open("app").ScalarAsync("PRAGMA integrity_check")).AsText());
        }

        // All have come to the same: the app by the grain, HTTP by the silo that is left, and a process that has just begun.
        Assert.Equal(SqlValue.From(all.Length), await database.ScalarAsync("SELECT count(*) FROM t"));
        long[] roundTrips = [.. Enumerable.Range(1, Workers).SelectMany(i => Acknowledged.Read(LossesFile(i))).Select(write => write.Id + 1).Order()];
        output.WriteLine(
            $"{all.Length} rows by {Workers} processes, an app and HTTP; round trips of the processes' writes: "
            + $"p50 {roundTrips[roundTrips.Length / 2]}, p99 {roundTrips[roundTrips.Length * 99 / 100]}, max {roundTrips[^1]}");
        Assert.Equal(Workers * rowsEach, roundTrips.Length);
        Assert.InRange(roundTrips[^1], 1, MaxRoundTrips);
        var (code, _, _) = await second.StopAsync();
        Assert.Equal(0, code);

        async Task InsertAsync(int writer, int rows, Func<long, Task<long>> insert)
        {
            for (int i = 1; i <= rows; i++)
            {
                long value = (writer * 1_000_000L) + i;
                acknowledged.Add((value, await insert(value)));
            }
        }

        string LossesFile(int worker) => Path.Combine(directory.FullName, $"worker-{worker}.losses");

        string AckFile(int worker) => Path.Combine(directory.FullName, $"worker-{worker}.ack");
    }

    /// <summary>The app of the documentation, as it stands there.</summary>
    private static async Task<WebApplication> AppAsync(string store)
    {
        var app = AppExample.Build(["--urls", "http://127.0.0.1:0"], store);
        await app.StartAsync();
        return app;
    }

    /// <summary>A caller over HTTP does what such a caller does: with a key of its own it sends again what it got no answer to.</summary>
    private static async Task<long> PostAsync(HttpClient client, long value)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "v1/databases/app/execute")
            {
                Content = JsonContent.Create(new { statements = new object[] { new { sql = "INSERT INTO t(v) VALUES (?) RETURNING id", args = (long[])[value] } } }),
            };
            request.Headers.Add("Idempotency-Key", $"http-{value}");
            using var answer = await client.SendAsync(request);
            string body = await answer.Content.ReadAsStringAsync();
            if (answer.IsSuccessStatusCode)
            {
                using var json = JsonDocument.Parse(body);
                return json.RootElement.GetProperty("results")[0].GetProperty("rows")[0][0].GetInt64();
            }

            Assert.True((int)answer.StatusCode is 503 or 409 or 429 or 400 && !body.Contains("\"sql\"", StringComparison.Ordinal), $"{answer.StatusCode}: {body}");
        }
    }

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        while (!await holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10));
        }
    }
}
