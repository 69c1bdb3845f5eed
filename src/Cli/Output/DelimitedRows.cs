namespace OrleansSqlite.Cli;

/// <summary>A row per line.</summary>
internal sealed class DelimitedRows(TextWriter output, char delimiter, bool headers, Func<SqlValue, string> format) : RowWriter
{
    public override void Start(long version, IReadOnlyList<Column> columns)
    {
        if (headers)
        {
            WriteLine(columns.Count, i => format(SqlValue.From(columns[i].Name)));
        }
    }

    public override void Write(IReadOnlyList<IReadOnlyList<SqlValue>> rows)
    {
        foreach (var row in rows)
        {
            WriteLine(row.Count, i => format(row[i]));
        }
    }

    public override void End()
    {
    }

    private void WriteLine(int count, Func<int, string> field)
    {
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
            {
                output.Write(delimiter);
            }

            output.Write(field(i));
        }

        // RFC 4180 wants CR LF, every tool reads LF: and lines end alike on all systems.
        output.Write('\n');
    }
}
