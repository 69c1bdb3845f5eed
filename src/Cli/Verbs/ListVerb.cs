using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class ListVerb : Verb
{
    private static readonly IReadOnlyList<Column> Columns =
        [new("name", null), new("version", null), new("bytes", null), new("committed", null)];

    public ListVerb(Terminal terminal)
        : base(
            "list", "List the databases of the store.",
            """
            orleans-sqlite list
            orleans-sqlite list --json
            """,
            terminal)
    {
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        await using var engine = await OpenAsync(parsed, writes: false, cancellation);
        List<DatabaseDescription> databases = [];
        await foreach (var database in engine.ListAsync(cancellation))
        {
            databases.Add(database);
        }

        if (parsed.GetValue(SharedOptions.Json))
        {
            DatabaseText.WriteJson(Terminal, databases);
        }
        else if (databases.Count == 0)
        {
            Terminal.Error.WriteLine($"There are no databases in {engine.StoreUrl} yet. Make one: orleans-sqlite create NAME");
        }
        else
        {
            var rows = RowWriter.For(Terminal, Terminal.OutIsTerminal ? RowFormat.Table : RowFormat.Tabs, headers: Terminal.OutIsTerminal);
            rows.Start(0, Columns);
            rows.Write([.. databases.Select(Row)]);
            rows.End();
        }

        return ExitCodes.Ok;
    }

    private static IReadOnlyList<SqlValue> Row(DatabaseDescription it) =>
        [SqlValue.From(it.Name), SqlValue.From(it.Version), SqlValue.From(it.Bytes), SqlValue.From(DatabaseText.Time(it.CommittedAt))];
}
