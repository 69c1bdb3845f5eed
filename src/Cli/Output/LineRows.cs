namespace OrleansSqlite.Cli;

/// <summary>A column per line, an empty line between rows: for wide rows.</summary>
internal sealed class LineRows(TextWriter output, string nullText) : RowWriter
{
    private IReadOnlyList<Column> columns = [];
    private int width;
    private bool first;

    public override void Start(long version, IReadOnlyList<Column> columns)
    {
        this.columns = columns;
        width = columns.Select(column => column.Name.Length).DefaultIfEmpty().Max();
        first = true;
    }

    public override void Write(IReadOnlyList<IReadOnlyList<SqlValue>> rows)
    {
        foreach (var row in rows)
        {
            if (!first)
            {
                output.WriteLine();
            }

            first = false;
            for (var i = 0; i < row.Count; i++)
            {
                output.WriteLine($"{columns[i].Name.PadLeft(width)} = {ValueText.Of(row[i], nullText)}");
            }
        }
    }

    public override void End()
    {
    }
}
