using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class QueryVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();
    private readonly StatementOptions statement;
    private readonly ReadLevelOptions level = new();
    private readonly FormatOptions format;

    public QueryVerb(Terminal terminal)
        : base(
            "query", "Read from a database: one statement on one snapshot.",
            """
            orleans-sqlite query shop "select * from item"
            orleans-sqlite query shop "select * from item where price < ?" --arg 10
            orleans-sqlite query shop "select * from item where name = :name" --param name=tea
            orleans-sqlite query shop "select * from item" --csv > item.csv
            echo "select count(*) from item" | orleans-sqlite query shop -
            """,
            terminal)
    {
        statement = new(terminal);
        format = new(terminal);
        Add(database);
        statement.AddTo(this);
        format.AddTo(this);
        level.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var writer = format.From(parsed);
        var readLevel = level.From(parsed);
        await using var engine = await OpenAsync(parsed, writes: false, cancellation);
        var name = parsed.GetRequiredValue(database);
        await using var rows = await engine.Open(name).QueryAsync(await statement.FromAsync(parsed, cancellation), readLevel, cancellation);
        await writer.WriteAllAsync(rows, cancellation);
        return ExitCodes.Ok;
    }
}
