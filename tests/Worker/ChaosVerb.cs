using System.Collections.Concurrent;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Worker;

/// <summary>
/// Writes and reads with many callers, over connections that fail, until it is killed or sent a line; then, when all have come to an end,
/// it says so, and exports what it has at the next line. What it says is described at <see cref="ChaosReport"/>.
/// </summary>
internal static class ChaosVerb
{
    /// <summary><c>--again MARKER,MARKER,…</c>: what a process that was killed did not get to know the end of.</summary>
    public static async Task RunAsync(Arguments arguments)
    {
        var store = new S3Store(arguments["--bucket"], arguments["--prefix"], new S3Options
        {
            Endpoint = new Uri(arguments["--endpoint"]),
            ConnectTimeout = TimeSpan.FromSeconds(2),
            SwapTimeout = TimeSpan.FromSeconds(2),
            RequestTimeout = TimeSpan.FromSeconds(5),
        });

        // The probe wants a store that answers.
        var options = new DatabaseOptions { ProbeStore = false, InlineBytes = arguments.Number("--inline-bytes"), RetryTime = TimeSpan.FromSeconds(20) };
        await using var engine = await DatabaseEngine.OpenAsync(store, options);
        string name = arguments["--db"];
        int life = arguments.Number("--id");
        var again = new ConcurrentQueue<ChaosWrite>((arguments.Find("--again") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(ChaosWrite.Parse));
        using var report = new ChaosReport();
        using var stop = new CancellationTokenSource();
        var callers = Task.WhenAll(Enumerable.Range(0, arguments.Number("--callers"))
            .Select(number => Task.Run(() => new ChaosCaller(engine, name, report).RunAsync(life, number, again, stop.Token))));
        if (await Task.WhenAny(callers, LineAsync()) == callers)
        {
            await callers;
        }

        await stop.CancelAsync();
        await callers;
        report.Done();
        await LineAsync();
        await engine.ExportAsync(name, arguments["--file"]);
    }

    /// <summary>The next line of standard input. Reading from the console waits where it is called, whatever its name says.</summary>
    private static Task<string> LineAsync() =>
        Task.Run(() => Console.In.ReadLine() ?? throw new InvalidOperationException("The test that this process writes for is gone."));
}
