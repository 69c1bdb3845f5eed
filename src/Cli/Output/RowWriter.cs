namespace OrleansSqlite.Cli;

/// <summary>Prints the rows of a result in one format, as they come.</summary>
internal abstract class RowWriter
{
    public static RowWriter For(Terminal terminal, RowFormat format, bool headers, string nullText = "NULL") => format switch
    {
        RowFormat.Table => new TableRows(terminal, headers, nullText),
        RowFormat.Tabs => new DelimitedRows(terminal.Out, '\t', headers, value => Delimited.Escape(ValueText.Of(value, nullText))),
        RowFormat.List => new DelimitedRows(terminal.Out, '|', headers, value => ValueText.Of(value, nullText)),
        RowFormat.Csv => new DelimitedRows(terminal.Out, ',', headers, Delimited.Csv),
        RowFormat.Line => new LineRows(terminal.Out, nullText),
        _ => new JsonRows(terminal.Out),
    };

    /// <summary>Begins a result.</summary>
    public abstract void Start(long version, IReadOnlyList<Column> columns);

    /// <summary>Prints some of its rows.</summary>
    public abstract void Write(IReadOnlyList<IReadOnlyList<SqlValue>> rows);

    /// <summary>Ends the result.</summary>
    public abstract void End();

    /// <summary>Prints a whole query.</summary>
    public async Task WriteAllAsync(IRowReader reader, CancellationToken cancellation)
    {
        Start(reader.Version, reader.Columns);
        while (await reader.ReadAsync(cancellation) is { Count: > 0 } rows)
        {
            Write(rows);
        }

        End();
    }
}
