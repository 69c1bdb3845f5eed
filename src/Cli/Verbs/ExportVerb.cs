using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class ExportVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();
    private readonly Argument<string> file = new("FILE") { Description = "Where to write. Any SQLite opens it." };
    private readonly Option<bool> overwrite = new("--overwrite") { Description = "Overwrite the file, if it exists." };

    public ExportVerb(Terminal terminal)
        : base(
            "export", "Write a database to an ordinary SQLite file.",
            """
            orleans-sqlite export shop shop.sqlite
            sqlite3 shop.sqlite "select * from item"
            """,
            terminal)
    {
        Add(database);
        Add(file);
        Add(overwrite);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        await using var engine = await OpenAsync(parsed, writes: false, cancellation);
        var path = Path.GetFullPath(parsed.GetRequiredValue(file));
        var it = await Transfer.RunAsync(Terminal, progress =>
            engine.ExportAsync(parsed.GetRequiredValue(database), path, parsed.GetValue(overwrite), progress, cancellation));
        DatabaseText.Write(Terminal, it, parsed.GetValue(SharedOptions.Json), $"exported {it.Name} to {path}");
        return ExitCodes.Ok;
    }
}
