using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class InfoVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();
    private readonly ReadLevelOptions level = new();

    public InfoVerb(Terminal terminal)
        : base(
            "info", "Describe a database: version, size, what it occupies in the store.",
            """
            orleans-sqlite info shop
            orleans-sqlite info shop --json
            """,
            terminal)
    {
        Add(database);
        level.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        await using var engine = await OpenAsync(parsed, writes: false, cancellation);
        var it = await engine.Open(parsed.GetRequiredValue(database)).DescribeAsync(level.From(parsed), cancellation);
        DatabaseText.Write(Terminal, it, parsed.GetValue(SharedOptions.Json), null);
        return ExitCodes.Ok;
    }
}
