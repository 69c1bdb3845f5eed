using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class ExecuteVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();
    private readonly StatementOptions statement;
    private readonly FormatOptions format;

    private readonly Option<string?> operationId = new("--operation-id")
    {
        Description = "Your own key for this write: however often it runs, it takes effect once.",
        HelpName = "KEY",
    };

    private readonly Option<long?> expectedVersion = new("--expect-version")
    {
        Description = "Run only if the database is at this version; otherwise exit with 3.",
        HelpName = "VERSION",
    };

    public ExecuteVerb(Terminal terminal)
        : base(
            "execute", "Run one or more statements as one transaction. It is durable in the store when this returns.",
            """
            orleans-sqlite execute shop "create table item(name text, price real)"
            orleans-sqlite execute shop "insert into item values (?, ?)" --arg tea --arg 2.5
            orleans-sqlite execute shop "insert into item values (:name, :price)" --param name=tea --param price=2.5
            orleans-sqlite execute shop "update item set price = 3 where name = 'tea'; delete from item where price > 100"
            orleans-sqlite execute shop - < changes.sql
            """,
            terminal)
    {
        statement = new(terminal);
        format = new(terminal);
        Add(database);
        statement.AddTo(this);
        Add(operationId);
        Add(expectedVersion);
        format.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var writer = format.From(parsed);
        await using var engine = await OpenAsync(parsed, writes: true, cancellation);
        var batch = new Batch(await statement.FromAsync(parsed, cancellation))
        {
            OperationId = parsed.GetValue(operationId),
            ExpectedVersion = parsed.GetValue(expectedVersion),
        };
        var result = await engine.Open(parsed.GetRequiredValue(database)).ExecuteAsync(batch, cancellation);
        BatchOutput.Write(Terminal, writer, result);
        return ExitCodes.Ok;
    }
}
