using System.Diagnostics;
using System.Globalization;
using OrleansSqlite.EntityFrameworkCore.Worker;

namespace OrleansSqlite.Tests.EntityFrameworkCore;

/// <summary>Processes that know nothing of each other save to one database at the same time.</summary>
public sealed class ProcessTests
{
    private const int Processes = 4;
    private const int SavesEach = 250;

    [Fact]
    public async Task Four_processes_on_a_directory_lose_nothing()
    {
        string directory = Directory.CreateTempSubdirectory("orleans-sqlite-").FullName;
        try
        {
            await SaveAsync($"file:{directory}");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [S3Fact]
    [Trait("Category", "S3")]
    public Task Four_processes_on_S3_lose_nothing() => S3Server.WithStoreAsync(SaveAsync);

    private static async Task SaveAsync(string store)
    {
        var workers = Enumerable.Range(1, Processes).Select(id => Start(store, id)).ToArray();
        List<string> told = [];
        int retries = 0;
        try
        {
            // They have created the database and migrated it, all at once; now the counter that they share.
            foreach (var worker in workers)
            {
                Assert.Equal("ready", await worker.StandardOutput.ReadLineAsync());
            }

            await using (var engine = await DatabaseEngine.OpenAsync(store))
            {
                await engine.Open("shop").ExecuteAsync($"INSERT INTO Counters VALUES ('{Saves.Shared}', 0)");
            }

            Array.ForEach(workers, worker => worker.StandardInput.WriteLine());
            var ends = workers.Select(async worker =>
            {
                var errors = worker.StandardError.ReadToEndAsync();
                string said = await worker.StandardOutput.ReadToEndAsync();
                await worker.WaitForExitAsync();
                Assert.True(worker.ExitCode == 0, $"A worker ended with {worker.ExitCode}: {await errors}");
                return said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            });
            foreach (string line in (await Task.WhenAll(ends)).SelectMany(lines => lines))
            {
                if (line.StartsWith("retries ", StringComparison.Ordinal))
                {
                    retries += int.Parse(line["retries ".Length..], CultureInfo.InvariantCulture);
                }
                else
                {
                    told.Add(line);
                }
            }
        }
        finally
        {
            foreach (var worker in workers)
            {
                if (!worker.HasExited)
                {
                    worker.Kill();
                }

                worker.Dispose();
            }
        }

        await CheckAsync(store, told);
        if (Environment.GetEnvironmentVariable("OSQL_SUMMARY") is { Length: > 0 } summary)
        {
            await File.AppendAllTextAsync(summary, $"EF Core, {Processes} processes on {store.Split(':')[0]}: {told.Count} units saved, {retries} of them run again.\n");
        }
    }

    /// <summary>Every unit took effect once, and every key is the one that its context was told.</summary>
    private static async Task CheckAsync(string store, List<string> told)
    {
        Assert.Equal(Processes * SavesEach, told.Count);
        await using var engine = await DatabaseEngine.OpenAsync(store);
        var shop = engine.Open("shop");
        var stored = await shop.QueryAllAsync(
            """
            SELECT 'order ' || o.Id || ' ' || i.Id || ' ' || p.Id || ' ' || i.Number FROM Orders o
            JOIN Invoices i ON i.OrderId = o.Id JOIN Payments p ON p.OrderId = o.Id JOIN Customers c ON c.Id = o.CustomerId
            """);
        Assert.Equal(told.Where(line => line != "counted").Order(StringComparer.Ordinal), stored.Select(row => row[0].AsText()).Order(StringComparer.Ordinal));
        Assert.Equal(told.Count(line => line == "counted"), (await shop.ScalarAsync("SELECT Value FROM Counters")).AsInteger());
        Assert.Equal("ok", (await shop.ScalarAsync("PRAGMA integrity_check")).AsText());
    }

    private static Process Start(string store, int id)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "OrleansSqlite.EntityFrameworkCore.Worker.dll"),
            store,
            "shop",
            $"{id}",
            $"{SavesEach}",
        ];
        return Process.Start(new ProcessStartInfo(host, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
    }
}
