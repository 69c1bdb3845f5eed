namespace OrleansSqlite.Worker;

/// <summary>Streams every row of a query and prints how many there were, the most memory that the process ever held, in bytes, and how many reads it took.</summary>
internal static class ScanVerb
{
    public static async Task RunAsync(Arguments arguments)
    {
        await using var engine = await arguments.OpenEngineAsync();
        long count = 0;
        await using (var rows = await engine.Open(arguments["--db"]).QueryAsync(arguments["--sql"]))
        {
            while (await rows.ReadAsync() is { Count: > 0 } some)
            {
                count += some.Count;
            }
        }

        await Console.Out.WriteLineAsync($"{count}");
        await PeakMemory.PrintAsync();
        await Console.Out.WriteLineAsync($"{engine.Requests.Gets}");
    }
}
