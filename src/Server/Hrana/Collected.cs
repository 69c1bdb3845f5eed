namespace OrleansSqlite.Server.Hrana;

/// <summary>Makes answers of the pieces that were given out.</summary>
internal static class Collected
{
    /// <summary>About the memory that a piece takes.</summary>
    public static long Bytes(CursorEntry entry) => 32 + entry switch
    {
        CursorEntry.Row row => row.Values.Sum(Bytes),
        CursorEntry.StepBegin begin => 32L * begin.Columns.Count,
        _ => 0,
    };

    /// <summary>Of one statement.</summary>
    public static StatementAnswer Statement(IEnumerable<CursorEntry> entries) => Batch(entries, 1).Results[0]!;

    /// <summary>Of the steps of a batch.</summary>
    public static BatchAnswer Batch(IEnumerable<CursorEntry> entries, int steps)
    {
        var results = new StatementAnswer?[steps];
        var errors = new HranaError?[steps];
        var begun = new CursorEntry.StepBegin(0, []);
        List<SqlValue[]> rows = [];
        foreach (var entry in entries)
        {
            switch (entry)
            {
                case CursorEntry.StepBegin begin:
                    (begun, rows) = (begin, []);
                    break;
                case CursorEntry.Row row:
                    rows.Add(row.Values);
                    break;
                case CursorEntry.StepEnd end:
                    results[begun.Step] = new StatementAnswer(begun.Columns, rows, end.AffectedRows, end.LastInsertRowId);
                    break;
                case CursorEntry.StepError failed:
                    errors[failed.Step] = failed.Error;
                    break;
            }
        }

        return new BatchAnswer(results, errors);
    }

    private static long Bytes(SqlValue value) => 16 + value.Type switch
    {
        SqlType.Text => value.AsText().Length,
        SqlType.Blob => value.AsBlob().Length,
        _ => 0,
    };
}
