using System.Collections.Concurrent;

namespace OrleansSqlite.Tests;

/// <summary>Writers that are killed at any moment: between two requests, in the middle of a file, after the swap and before the answer.</summary>
public sealed class KilledWriters : IDisposable
{
    private const int Kills = 200;

    /// <summary>How many write at the same time: a kill meets commits of others, and locks that its victim holds are waited for.</summary>
    private const int AtOnce = 4;

    private readonly TemporaryDirectory directory = new();
    private readonly ConcurrentBag<(long Value, long Id)> acknowledged = [];
    private int lives;

    public void Dispose() => directory.Delete();

    [Fact]
    public async Task Two_hundred_kills_lose_nothing_and_repeat_nothing()
    {
        await using (var engine = await DatabaseEngine.OpenAsync(directory.StoreUrl))
        {
            await engine.CreateAsync("app");
            await engine.Open("app").ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v INTEGER NOT NULL)");
            await engine.Open("app").ExecuteAsync("CREATE INDEX t_v ON t(v)");
        }

        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => KillOneAfterTheOtherAsync()));

        // Whoever was killed may have had one insert under way: the one behind the last that it was told of.
        var inFlight = acknowledged.GroupBy(row => row.Value / 1_000_000).Select(life => life.Max(row => row.Value) + 1).ToHashSet();
        Assert.Equal(Kills, inFlight.Count);
        await using (var engine = await DatabaseEngine.OpenAsync(directory.StoreUrl))
        {
            await Acknowledged.AssertKeptAsync(engine.Open("app"), acknowledged, inFlight.Contains);
            Assert.Equal("ok", (await engine.Open("app").ScalarAsync("PRAGMA integrity_check")).AsText());
        }
    }

    private async Task KillOneAfterTheOtherAsync()
    {
        while (Interlocked.Increment(ref lives) is var life && life <= Kills)
        {
            await LiveAndDieAsync(life);
        }
    }

    private async Task LiveAndDieAsync(int life)
    {
        string ack = directory.Below($"ack-{life}");

        // Every other one moves its frames to a segment after nearly each commit, so that kills meet that as well.
        string inlineBytes = life % 2 == 0 ? "1024" : "131072";
        using (var worker = WorkerProcess.Start(
            "insert", "--store", directory.StoreUrl, "--db", "app", "--count", "0", "--id", $"{life}", "--ack", ack, "--inline-bytes", inlineBytes))
        {
            while (!File.Exists(ack) || new FileInfo(ack).Length == 0)
            {
                Assert.False(worker.HasExited, $"A worker ended by itself before its first insert: {(worker.HasExited ? await worker.ErrorsAsync() : "")}");
                await Task.Delay(5);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20) + Entropy.System.Jitter(TimeSpan.FromMilliseconds(280)));
            Assert.False(worker.HasExited, $"A worker ended by itself: {(worker.HasExited ? await worker.ErrorsAsync() : "")}");
            await worker.KillAsync();
        }

        var told = Acknowledged.Read(ack);
        told.ForEach(acknowledged.Add);

        // Whoever opens it now finds a database, and in it what the dead one was told.
        await using var engine = await DatabaseEngine.OpenAsync(directory.StoreUrl, new DatabaseOptions { Threads = 1 });
        var kept = await engine.Open("app").ScalarAsync(new Statement("SELECT count(*) FROM t WHERE v BETWEEN ? AND ?", told[0].Value, told[^1].Value));
        Assert.Equal(told.Count, kept.AsInteger());
    }
}
