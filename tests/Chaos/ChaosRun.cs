using System.Diagnostics;
using OrleansSqlite.Stores;
using OrleansSqlite.Worker;

namespace OrleansSqlite.Tests;

/// <summary>
/// Processes write to one database on a real S3 server, over a <see cref="FaultProxy"/>, while they are killed, stopped and continued at
/// random moments; what was in flight when one was killed is sent again by its successor, or is left in doubt. Then all is checked.
/// </summary>
internal sealed class ChaosRun(ulong seed, int writes, string bucket, string prefix) : IAsyncDisposable
{
    private const string Name = "app";
    private const int Processes = 4;
    private const int Callers = 32;

    /// <summary>A process that gets nothing done for so long is stuck.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Entropy entropy = new(seed);
    private readonly FaultProxy proxy = new(new Uri(S3Server.Endpoint!), new Entropy(seed + 1));
    private readonly ChaosHistory history = new();
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly string directory = Directory.CreateTempSubdirectory("osql-chaos-").FullName;
    private int lives;
    private int killed;
    private int stopped;

    /// <summary>Runs it, and gives the line that sums it up, and what is wrong.</summary>
    public async Task<(string Summary, IReadOnlyList<string> Problems)> RunAsync()
    {
        await using (var founder = await OpenAsync())
        {
            await founder.CreateAsync(Name);
            await founder.Open(Name).ExecuteAsync(new Batch([.. ChaosWrite.Schema.Select(sql => new Statement(sql))]));
        }

        proxy.Rates = FateRates.Chaos;
        using var failed = new CancellationTokenSource();
        var slots = Enumerable.Range(0, Processes).Select(_ => Task.Run(() => LiveAsync(failed))).ToArray();
        var last = await Task.WhenAll(slots);
        int faults = proxy.Faults;
        try
        {
            // What is still on its way arrives now, and changes nothing any more than a lost request would.
            proxy.Rates = FateRates.None;
            await proxy.SettleAsync();
            await Task.WhenAll(last.Select(writer => writer.ExportAsync()));
        }
        finally
        {
            Array.ForEach(last, writer => writer.Dispose());
        }

        var (state, problems) = await InspectAsync();
        problems.AddRange(ChaosCheck.Problems(history, state));
        int lost = ChaosCheck.Lost(history, state).Count();
        int twice = ChaosCheck.Twice(state).Count();
        int unknown = history.Writes.Count(write => write.Ended == Ended.Unknown);
        string befell = string.Join(", ", Enum.GetValues<Fate>().Where(fate => fate != Fate.Served).Select(fate => $"{fate} {proxy.Count(fate)}"));
        return (
            $"chaos: {history.Acknowledged} acknowledged writes, {killed} killed, {stopped} stopped, {faults} faults, {lost} lost, {twice} twice"
            + $" (seed {seed}; {watch.Elapsed.TotalSeconds:0} s; {unknown} in doubt; {history.Reads.Count} strong reads; {befell})",
            problems);
    }

    public async ValueTask DisposeAsync()
    {
        await proxy.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>One process after the other, until enough was written; gives the last one, whose writes have come to an end.</summary>
    private async Task<Writer> LiveAsync(CancellationTokenSource failed)
    {
        string[] again = [];
        while (true)
        {
            var writer = Start(again);
            try
            {
                if (await SufferAsync(writer, failed.Token))
                {
                    return writer;
                }

                // Half of the dead leave what they do not know to their successors. Nobody asks any more what became of the others'.
                again = entropy.NextDouble() < 0.5 ? [.. writer.Unfinished.Where(marker => ChaosWrite.Parse(marker).IsRepeatable)] : [];
                writer.Dispose();
            }
            catch
            {
                writer.Dispose();
                await failed.CancelAsync();
                throw;
            }
        }
    }

    /// <summary>What a process goes through. True if it has seen the end, false if it was killed.</summary>
    private async Task<bool> SufferAsync(Writer writer, CancellationToken failed)
    {
        while (true)
        {
            if (!await WorkAsync(writer, TimeSpan.FromSeconds(0.5) + entropy.Jitter(TimeSpan.FromSeconds(4)), failed))
            {
                await writer.FinishAsync().WaitAsync(Patience, failed);
                return true;
            }

            bool kills = entropy.NextDouble() < 0.5;
            if (!kills || entropy.NextDouble() < 0.2)
            {
                // Mostly for a moment, now and then for longer than any of its requests may take.
                Interlocked.Increment(ref stopped);
                await writer.SignalAsync("STOP");
                await Task.Delay(entropy.Jitter(TimeSpan.FromSeconds(entropy.NextDouble() < 0.15 ? 6 : 1)), failed);
                if (!kills)
                {
                    await writer.SignalAsync("CONT");
                }
            }

            if (kills)
            {
                Interlocked.Increment(ref killed);
                await writer.KillAsync();
                return false;
            }
        }
    }

    /// <summary>Lets it work; false once enough is written.</summary>
    private async Task<bool> WorkAsync(Writer writer, TimeSpan time, CancellationToken failed)
    {
        var slice = Stopwatch.StartNew();
        int before = history.Acknowledged;
        while (history.Acknowledged < writes)
        {
            await writer.AssertRunsAsync();
            Assert.True(slice.Elapsed < Patience, "For two minutes no process has got anything done.");

            // On a machine that is busy elsewhere it takes long until something has begun that could be interrupted.
            if (slice.Elapsed >= time && history.Acknowledged > before)
            {
                return true;
            }

            await Task.Delay(10, failed);
        }

        return false;
    }

    private Writer Start(string[] again)
    {
        int life = Interlocked.Increment(ref lives);
        string inlineBytes = entropy.NextDouble() < 0.5 ? "8192" : "131072";
        string[] options =
        [
            "--bucket", bucket, "--prefix", prefix, "--endpoint", proxy.Endpoint.OriginalString, "--db", Name, "--id", $"{life}", "--callers", $"{Callers}",
            "--inline-bytes", inlineBytes, "--file", Path.Combine(directory, $"{life}.db"),
        ];
        return new Writer(history, again.Length == 0 ? options : [.. options, "--again", string.Join(',', again)]);
    }

    /// <summary>Reads it without the proxy, and with engines that have seen nothing: all must see the same bytes, and a sound database.</summary>
    private async Task<(ChaosState State, List<string> Problems)> InspectAsync()
    {
        List<string> problems = [];
        string fresh = Path.Combine(directory, "fresh.db");
        await using var engine = await OpenAsync();
        await engine.ExportAsync(Name, fresh);
        await using (var another = await OpenAsync())
        {
            await another.ExportAsync(Name, Path.Combine(directory, "another.db"));
        }

        byte[] bytes = await File.ReadAllBytesAsync(fresh);
        foreach (string file in Directory.GetFiles(directory, "*.db"))
        {
            byte[] other = await File.ReadAllBytesAsync(file);
            if (!bytes.AsSpan().SequenceEqual(other))
            {
                problems.Add($"bytes: {Path.GetFileName(file)} is not what others see");
            }
        }

        var database = engine.Open(Name);
        string integrity = (await database.ScalarAsync("PRAGMA integrity_check")).AsText();
        if (integrity != "ok")
        {
            problems.Add($"integrity_check: {integrity}");
        }

        var done = await database.QueryAllAsync("SELECT marker FROM done");
        var items = await database.QueryAllAsync("SELECT list, place, marker FROM item ORDER BY list, place");
        var counters = await database.QueryAllAsync("SELECT id, n FROM counter");
        return (
            new ChaosState(
                [.. done.Select(row => row[0].AsText())],
                items.GroupBy(row => (int)row[0].AsInteger())
                    .ToDictionary(list => list.Key, list => (IReadOnlyList<(long, string)>)[.. list.Select(row => (row[1].AsInteger(), row[2].AsText()))]),
                counters.ToDictionary(row => (int)row[0].AsInteger(), row => row[1].AsInteger())),
            problems);
    }

    private Task<DatabaseEngine> OpenAsync() =>
        DatabaseEngine.OpenAsync(new S3Store(bucket, prefix, new S3Options { Endpoint = new Uri(S3Server.Endpoint!) }));
}
