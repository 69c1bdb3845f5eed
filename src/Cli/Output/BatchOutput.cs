namespace OrleansSqlite.Cli;

/// <summary>Prints what a batch gave.</summary>
internal static class BatchOutput
{
    public static void Write(Terminal terminal, RowWriter writer, BatchResult result)
    {
        if (writer is JsonRows json)
        {
            json.Write(result);
            return;
        }

        var rows = false;
        foreach (var statement in result.Results.Where(statement => statement.Columns.Count > 0))
        {
            rows = true;
            writer.Start(result.Version, statement.Columns);
            writer.Write(statement.Rows);
            writer.End();
        }

        // Standard output belongs to the rows, if there are any.
        (rows ? terminal.Error : terminal.Out).WriteLine(Summary(result));
    }

    private static string Summary(BatchResult result)
    {
        var changes = result.Results.Sum(statement => statement.Changes);
        var rows = changes == 1 ? "1 row" : $"{changes} rows";
        return result.Repeated
            ? $"had taken effect before, in version {result.Version}: nothing ran now"
            : $"ok: {rows} changed, version {result.Version}";
    }
}
