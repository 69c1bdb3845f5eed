namespace OrleansSqlite.Worker;

/// <summary>Import and export; each prints the most memory that the process ever held, in bytes.</summary>
internal static class TransferVerbs
{
    /// <summary><c>--file</c> becomes the database <c>--db</c>.</summary>
    public static async Task ImportAsync(Arguments arguments)
    {
        await using var engine = await arguments.OpenEngineAsync();
        await engine.ImportAsync(arguments["--db"], arguments["--file"]);
        await PeakMemory.PrintAsync();
    }

    /// <summary>The database <c>--db</c> becomes <c>--file</c>, which is replaced with <c>--overwrite yes</c>.</summary>
    public static async Task ExportAsync(Arguments arguments)
    {
        await using var engine = await arguments.OpenEngineAsync();
        await engine.ExportAsync(arguments["--db"], arguments["--file"], arguments.Find("--overwrite") == "yes");
        await PeakMemory.PrintAsync();
    }
}
