namespace OrleansSqlite.Tests;

/// <summary>Processes that know nothing of each other insert into one table at the same time, with the library alone.</summary>
public sealed class UncoordinatedWriters : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Delete();

    [Fact]
    public Task Eight_processes_on_a_directory_lose_nothing() => InsertAsync(directory.StoreUrl, processes: 8, rowsEach: 500);

    [S3Fact]
    [Trait("Category", "S3")]
    public Task Four_processes_on_S3_lose_nothing() => S3Server.WithStoreAsync(url => InsertAsync(url, processes: 4, rowsEach: 100));

    private async Task InsertAsync(string store, int processes, int rowsEach)
    {
        await using (var engine = await DatabaseEngine.OpenAsync(store))
        {
            await engine.CreateAsync("app");
            await engine.Open("app").ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v INTEGER NOT NULL)");
        }

        var workers = new WorkerProcess[processes];
        try
        {
            for (int i = 0; i < processes; i++)
            {
                workers[i] = WorkerProcess.Start(
                    "insert", "--store", store, "--db", "app", "--count", $"{rowsEach}", "--id", $"{i + 1}", "--ack", AckFile(i), "--export", ExportFile(i));
            }

            await UntilAsync(workers, i => File.Exists(AckFile(i)));
            Proceed(workers);
            await UntilAsync(workers, i => File.ReadAllLines(AckFile(i)).Length == rowsEach);
            Proceed(workers);
            foreach (var worker in workers)
            {
                Assert.Equal("", await worker.SucceedAsync());
            }
        }
        finally
        {
            Array.ForEach(workers, worker => worker?.Dispose());
        }

        // Each exports what it has in memory after its own commits and the others'; they must have come to the same bytes.
        byte[] first = await File.ReadAllBytesAsync(ExportFile(0));
        for (int i = 1; i < processes; i++)
        {
            byte[] other = await File.ReadAllBytesAsync(ExportFile(i));
            Assert.True(first.AsSpan().SequenceEqual(other), $"The exports of the processes 1 and {i + 1} differ.");
        }

        var acknowledged = Enumerable.Range(0, processes).SelectMany(i => Acknowledged.Read(AckFile(i))).ToList();
        Assert.Equal(processes * rowsEach, acknowledged.Count);
        await using (var engine = await DatabaseEngine.OpenAsync(store))
        {
            await Acknowledged.AssertKeptAsync(engine.Open("app"), acknowledged);
            Assert.Equal("ok", (await engine.Open("app").ScalarAsync("PRAGMA integrity_check")).AsText());
            await engine.ExportAsync("app", directory.Below("fresh.db"));
            Assert.Equal(first, await File.ReadAllBytesAsync(directory.Below("fresh.db")));
        }
    }

    private string AckFile(int i) => directory.Below($"ack-{i}");

    private string ExportFile(int i) => directory.Below($"export-{i}.db");

    private static void Proceed(WorkerProcess[] workers) => Array.ForEach(workers, worker => worker.Proceed());

    /// <summary>Waits until all have come that far; one that ends before it does has failed, and says why.</summary>
    private static async Task UntilAsync(WorkerProcess[] workers, Predicate<int> condition)
    {
        for (int i = 0; i < workers.Length; i++)
        {
            while (!condition(i))
            {
                if (workers[i].HasExited)
                {
                    Assert.Fail($"A worker ended too early: {await workers[i].ErrorsAsync()}");
                }

                await Task.Delay(20);
            }
        }
    }
}
