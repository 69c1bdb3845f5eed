using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class CompactVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();

    public CompactVerb(Terminal terminal)
        : base(
            "compact", "Merge what is stored of a database into as few objects as possible.",
            """
            orleans-sqlite compact shop
            """,
            terminal)
    {
        Add(database);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string name = parsed.GetRequiredValue(database);
        await using var engine = await OpenAsync(parsed, writes: true, cancellation);
        var after = await Transfer.RunAsync(Terminal, progress => engine.CompactAsync(name, progress, cancellation));
        DatabaseText.Write(Terminal, after, parsed.GetValue(SharedOptions.Json), $"compacted {name} to {after.Segments} {(after.Segments == 1 ? "segment" : "segments")}");
        return ExitCodes.Ok;
    }
}
