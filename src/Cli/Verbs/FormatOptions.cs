using System.CommandLine;

namespace OrleansSqlite.Cli;

/// <summary>How rows are printed, as options.</summary>
internal sealed class FormatOptions(Terminal terminal)
{
    private readonly Option<bool> csv = new("--csv") { Description = "Print comma-separated values with a header; NULL is empty, empty text is \"\"." };
    private readonly Option<bool> tabs = new("--tabs") { Description = "Print tab-separated values without a header: the default unless a terminal shows them." };
    private readonly Option<bool> table = new("--table") { Description = "Draw a table: the default on a terminal." };

    private readonly Option<bool?> headers = new("--headers")
    {
        Description = "Whether the names of the columns come first (true or false).",
        HelpName = "BOOL",
    };

    public void AddTo(Command command)
    {
        command.Add(table);
        command.Add(tabs);
        command.Add(csv);
        command.Add(headers);
    }

    public RowWriter From(ParseResult parsed)
    {
        List<RowFormat> wanted = [];
        Want(SharedOptions.Json, RowFormat.Json);
        Want(csv, RowFormat.Csv);
        Want(tabs, RowFormat.Tabs);
        Want(table, RowFormat.Table);
        var format = wanted switch
        {
            [] => terminal.OutIsTerminal ? RowFormat.Table : RowFormat.Tabs,
            [var one] => one,
            _ => throw new UsageException("Several output formats are given.", "Give one of --table, --tabs, --csv and --json."),
        };
        return RowWriter.For(terminal, format, parsed.GetValue(headers) ?? format is not RowFormat.Tabs);

        void Want(Option<bool> option, RowFormat format)
        {
            if (parsed.GetValue(option))
            {
                wanted.Add(format);
            }
        }
    }
}
