using System.Diagnostics;
using System.Globalization;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Bench;

/// <summary>
/// Processes that know nothing of each other, each with one caller, insert into one database on a real S3 server: with combining and, in the same run,
/// without. Once as fast as the server is, and once with S3's latencies before each of its answers.
/// </summary>
internal static class HerdWorkload
{
    private const int Processes = 16;
    private const int Rounds = 3;

    public static async Task RunAsync(Settings settings, Table table)
    {
        string url = settings.Store ?? throw new ArgumentException("Name the store: --store s3://bucket/prefix?endpoint=…");
        foreach (var latencies in (HerdCase[])[HerdCase.None, HerdCase.Modelled])
        {
            if (!settings.Wants(latencies == HerdCase.None ? "as it is" : "modelled"))
            {
                continue;
            }

            // Round after round, so that both have the same machine.
            Dictionary<HerdCase, List<(string Name, double Value)[]>> measured = [];
            for (int round = 0; round < Rounds; round++)
            {
                foreach (var one in (HerdCase[])[latencies, latencies | HerdCase.Combined])
                {
                    measured.TryAdd(one, []);
                    measured[one].Add(await MeasureAsync(url, settings.Length, one));
                }
            }

            double alone = Median(measured[latencies], 0);
            foreach (var (one, rounds) in measured)
            {
                table.Add(
                    $"{(latencies == HerdCase.None ? "the server as it is" : "S3's latencies modelled")}, {(one.HasFlag(HerdCase.Combined) ? "combined" : "each alone")}",
                    [.. rounds[0].Select((number, i) => (number.Name, Median(rounds, i))), ("× alone", Median(rounds, 0) / alone)]);
            }
        }
    }

    /// <summary>One of the processes: writes for a while, and prints its numbers.</summary>
    public static async Task WriteAsync(Settings settings)
    {
        var part = settings.Part ?? throw new ArgumentException("A writer needs --part.");
        IObjectStore store = ObjectStores.Open(settings.Store!, TimeProvider.System, Entropy.System);
        store = part.Case.HasFlag(HerdCase.Modelled) ? new ModelledStore(store, Entropy.System) : store;
        await using var engine = await DatabaseEngine.OpenAsync(store, new DatabaseOptions { ProbeStore = false, Combine = part.Case.HasFlag(HerdCase.Combined) });
        var database = engine.Open(part.Database);
        await database.DescribeAsync();
        Console.WriteLine("ready");
        await Console.In.ReadLineAsync();
        List<long> taken = [];
        long start = Stopwatch.GetTimestamp();
        for (long i = 1; Stopwatch.GetElapsedTime(start) < settings.Length; i++)
        {
            long began = Stopwatch.GetTimestamp();
            await database.ExecuteAsync(Inserts.Row((part.Number * 1_000_000L) + i));
            taken.Add(Stopwatch.GetTimestamp() - began);
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(string.Join(' ', ((double[])[taken.Count, seconds, engine.Requests.Requests]).Concat(taken.Select(static t => t * 1000.0 / Stopwatch.Frequency))
            .Select(static number => number.ToString(CultureInfo.InvariantCulture))));
    }

    private static async Task<(string Name, double Value)[]> MeasureAsync(string url, TimeSpan length, HerdCase one)
    {
        await using var engine = await DatabaseEngine.OpenAsync(url);
        string name = $"bench-{Entropy.System.NextGuid():n}";
        await engine.CreateAsync(name);
        await engine.Open(name).ExecuteAsync(Inserts.Table);
        var writers = Enumerable.Range(1, Processes).Select(number => Start(url, length, new HerdPart(one, name, number))).ToArray();
        try
        {
            foreach (var writer in writers)
            {
                if (await writer.StandardOutput.ReadLineAsync() != "ready")
                {
                    throw new InvalidOperationException("A writer ended too early.");
                }
            }

            Array.ForEach(writers, writer => writer.StandardInput.WriteLine());
            var all = await Task.WhenAll(writers.Select(ReadAsync));

            // What was measured must be right as well.
            double acknowledged = all.Sum(numbers => numbers[0]);
            var rows = (await engine.Open(name).QueryAllAsync("SELECT count(*), count(DISTINCT number) FROM event"))[0];
            if (rows[0] != rows[1] || rows[0].AsInteger() != (long)acknowledged)
            {
                throw new InvalidOperationException($"{rows[0]} rows, {rows[1]} numbers, {acknowledged} acknowledged: something was lost or is there twice.");
            }

            await engine.DeleteAsync(name);
            double[] counts = [.. all.Select(numbers => numbers[0]).Order()];
            double[] times = [.. all.SelectMany(numbers => numbers.Skip(3)).Order()];
            return
            [
                ("transactions/s", all.Sum(numbers => numbers[0] / numbers[1])),
                ("p50 ms", times[times.Length / 2]),
                ("p99 ms", times[times.Length * 99 / 100]),
                ("requests/transaction", all.Sum(numbers => numbers[2]) / acknowledged),
                ("median/slowest writer", counts[counts.Length / 2] / counts[0]),
            ];
        }
        finally
        {
            Array.ForEach(writers, writer =>
            {
                if (!writer.HasExited)
                {
                    writer.Kill();
                }

                writer.Dispose();
            });
        }
    }

    private static Process Start(string url, TimeSpan length, HerdPart part) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath!,
        [.. Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? (string[])[typeof(HerdWorkload).Assembly.Location] : [], "herd-writer", "--store", url, "--seconds", length.TotalSeconds.ToString(CultureInfo.InvariantCulture), "--part", part.ToString()])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    private static async Task<double[]> ReadAsync(Process writer)
    {
        string line = await writer.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("A writer ended too early.");
        await writer.WaitForExitAsync();
        return [.. line.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
    }

    private static double Median(List<(string Name, double Value)[]> rounds, int column) =>
        rounds.Select(round => round[column].Value).Order().ElementAt(rounds.Count / 2);
}
