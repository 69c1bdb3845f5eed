using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class SnapshotVerb : Verb
{
    private static readonly IReadOnlyList<Column> Columns = [new("name", null), new("version", null), new("committed", null), new("bytes", null)];
    private readonly Argument<string> database = DatabaseArgument();
    private readonly Argument<string?> name = new("NAME") { Description = "The snapshot's name. Without one, all are listed.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> drop = new("--drop") { Description = "Take the name away. The version stays as long as the history is kept." };
    private readonly PastOptions past = new();

    public SnapshotVerb(Terminal terminal)
        : base(
            "snapshot", "Give a version a name, and keep it until the name is dropped.",
            """
            orleans-sqlite snapshot shop before-the-move
            orleans-sqlite snapshot shop
            orleans-sqlite snapshot shop before-the-move --drop
            """,
            terminal)
    {
        Add(database);
        Add(name);
        Add(drop);
        past.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var given = parsed.GetValue(name);
        await using var engine = await OpenAsync(parsed, writes: given is not null, cancellation);
        var open = engine.Open(parsed.GetRequiredValue(database));
        if (given is null)
        {
            var rows = RowWriter.For(Terminal, Terminal.OutIsTerminal ? RowFormat.Table : RowFormat.Tabs, headers: Terminal.OutIsTerminal);
            rows.Start(0, Columns);
            rows.Write([.. (await open.ListSnapshotsAsync(cancellation)).Select(Row)]);
            rows.End();
        }
        else if (parsed.GetValue(drop))
        {
            await open.DropSnapshotAsync(given, cancellation);
            Terminal.Out.WriteLine($"dropped {given}");
        }
        else
        {
            var made = await open.CreateSnapshotAsync(given, past.From(parsed) ?? ReadLevel.Strong, cancellation);
            Terminal.Out.WriteLine($"{made.Name} is version {made.Version} of {open.Name}");
        }

        return ExitCodes.Ok;
    }

    private static IReadOnlyList<SqlValue> Row(SnapshotDescription it) =>
        [SqlValue.From(it.Name), SqlValue.From(it.Version), SqlValue.From(DatabaseText.Time(it.CommittedAt)), SqlValue.From(it.Bytes)];
}
