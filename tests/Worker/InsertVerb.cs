using System.Text;

namespace OrleansSqlite.Worker;

/// <summary>
/// Inserts rows one by one, each a batch of its own, and appends "value id" to a file after each that was acknowledged; to the file
/// <c>--losses</c>, if it is given, "value losses": how often the write lost the race for the head before. The values are <c>--id</c> × 1,000,000 + 1, 2, 3, …
/// </summary>
internal static class InsertVerb
{
    /// <summary>
    /// <c>--count 0</c> goes on until the process is killed. With <c>--export FILE</c> it waits for a line of standard input before
    /// the first insert, and for another one before it exports what it then sees.
    /// </summary>
    public static async Task RunAsync(Arguments arguments)
    {
        string name = arguments["--db"];
        string? export = arguments.Find("--export");
        int count = arguments.Number("--count");
        await using var engine = await arguments.OpenEngineAsync();

        // Without a buffer, so that a line is in the file, whole, before the next insert begins: a kill takes away nothing.
        await using var acknowledged = new FileStream(arguments["--ack"], FileMode.Append, FileAccess.Write, FileShare.ReadWrite, 0);
        await using var losses = arguments.Find("--losses") is { } file ? new StreamWriter(file) : null;
        using var lost = new LostRaces();
        await PaceAsync(export);
        for (int i = 1; count == 0 || i <= count; i++)
        {
            long value = (arguments.Number("--id") * 1_000_000L) + i;
            var result = await engine.Open(name).ExecuteAsync("INSERT INTO t(v) VALUES (?) RETURNING id", [value]);
            acknowledged.Write(Encoding.ASCII.GetBytes($"{value} {result.Rows[0][0]}\n"));
            losses?.Write($"{value} {lost.Take()}\n");
        }

        if (export is not null)
        {
            await PaceAsync(export);
            await engine.ExportAsync(name, export);
        }
    }

    private static async Task PaceAsync(string? export)
    {
        if (export is not null)
        {
            _ = await Console.In.ReadLineAsync() ?? throw new InvalidOperationException("The test that paced this process is gone.");
        }
    }
}
