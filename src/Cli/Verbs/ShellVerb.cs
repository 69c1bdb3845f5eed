using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class ShellVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();
    private readonly Interrupt interrupt;

    public ShellVerb(Terminal terminal, Interrupt interrupt)
        : base(
            "shell", "Type SQL, as in the sqlite3 program. Reads standard input if that is no terminal.",
            """
            orleans-sqlite shell shop
            echo ".tables" | orleans-sqlite shell shop
            orleans-sqlite shell shop < dump.sql
            """,
            terminal)
    {
        this.interrupt = interrupt;
        Add(database);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        await using var engine = await OpenAsync(parsed, writes: true, cancellation);
        var open = engine.Open(parsed.GetRequiredValue(database));
        var it = await open.DescribeAsync(ReadLevel.Strong, cancellation);

        var json = parsed.GetValue(SharedOptions.Json);
        var people = Terminal.InIsTerminal && Terminal.OutIsTerminal;
        var settings = new ShellSettings { Mode = json ? RowFormat.Json : Terminal.OutIsTerminal ? RowFormat.Table : RowFormat.List };
        var errors = new ErrorReport(Terminal, json, parsed.GetValue(SharedOptions.Verbose));
        var context = new ShellContext(Terminal, interrupt, open, settings, errors, TimeProvider.System);
        var loop = new ShellLoop(context, new BatchRunner(context), new DotCommands(context));
        if (!people)
        {
            return await loop.RunAsync(new PlainLines(Terminal.In));
        }

        Terminal.Out.WriteLine($"{it.Name}, version {it.Version}, {DatabaseText.Size(it.Bytes)}, in {engine.StoreUrl}");
        Terminal.Out.WriteLine("Statements end with ;  .help lists the commands  .quit or Ctrl-D ends");
        var history = new History(Path.Combine(StoreLocation.DataFolder(), "shell-history"));
        await loop.RunAsync(new LineEditor(new Screen(Terminal.Out), history));
        // Whoever sits at the terminal has seen the errors.
        return ExitCodes.Ok;
    }
}
