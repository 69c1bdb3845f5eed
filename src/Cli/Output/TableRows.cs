using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansSqlite.Cli;

/// <summary>A drawn table. A long result is drawn in pieces, so that it starts at once and needs no memory.</summary>
internal sealed class TableRows(Terminal terminal, bool headers, string nullText) : RowWriter
{
    private const int RowsPerPiece = 500;

    private readonly IAnsiConsole console = terminal.Draw();
    private IReadOnlyList<Column> columns = [];
    private Table? table;
    private long drawn;

    public override void Start(long version, IReadOnlyList<Column> columns)
    {
        this.columns = columns;
        drawn = 0;
        table = null;
    }

    public override void Write(IReadOnlyList<IReadOnlyList<SqlValue>> rows)
    {
        foreach (var row in rows)
        {
            table ??= Begin();
            table.AddRow(row.Select(Cell));
            drawn++;
            if (table.Rows.Count == RowsPerPiece)
            {
                Draw();
            }
        }
    }

    public override void End()
    {
        if (drawn == 0)
        {
            table = Begin();
        }

        Draw();
        if (terminal.OutIsTerminal)
        {
            terminal.Out.WriteLine(drawn == 1 ? "1 row" : $"{drawn} rows");
        }
    }

    private Table Begin()
    {
        var next = new Table { Border = TableBorder.Rounded, ShowHeaders = headers };
        foreach (var column in columns)
        {
            next.AddColumn(new TableColumn(new Text(Printable.Of(column.Name), new Style(decoration: Decoration.Bold))));
        }

        return next;
    }

    private void Draw()
    {
        if (table is not null && columns.Count > 0)
        {
            console.Write(table);
        }

        table = null;
    }

    private IRenderable Cell(SqlValue value) => value.Type switch
    {
        SqlType.Null => new Text(nullText, new Style(foreground: Color.Grey)),
        SqlType.Integer or SqlType.Real => new Text(ValueText.Of(value)) { Justification = Justify.Right },
        _ => new Text(Printable.Of(ValueText.Of(value))),
    };
}
