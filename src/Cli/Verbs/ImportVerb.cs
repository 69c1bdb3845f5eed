using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class ImportVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();
    private readonly Argument<string> file = new("FILE") { Description = "An ordinary SQLite file. It is only read." };
    private readonly Option<bool> replace = new("--replace") { Description = "Replace what the database holds, if it exists." };

    public ImportVerb(Terminal terminal)
        : base(
            "import", "Make a database from an SQLite file.",
            """
            orleans-sqlite import shop shop.sqlite
            orleans-sqlite import shop newer.sqlite --replace
            """,
            terminal)
    {
        Add(database);
        Add(file);
        Add(replace);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        await using var engine = await OpenAsync(parsed, writes: true, cancellation);
        var path = Path.GetFullPath(parsed.GetRequiredValue(file));
        var it = await Transfer.RunAsync(Terminal, progress =>
            engine.ImportAsync(parsed.GetRequiredValue(database), path, parsed.GetValue(replace), progress, cancellation));
        DatabaseText.Write(Terminal, it, parsed.GetValue(SharedOptions.Json), $"imported {path} into {it.Name}");
        return ExitCodes.Ok;
    }
}
