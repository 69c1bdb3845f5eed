using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class DeleteVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();
    private readonly Option<bool> yes = new("--yes", "-y") { Description = "Don't ask." };

    public DeleteVerb(Terminal terminal)
        : base(
            "delete", "Delete a database. Asks first.",
            """
            orleans-sqlite delete shop
            orleans-sqlite delete shop --yes
            """,
            terminal)
    {
        Add(database);
        Add(yes);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var name = parsed.GetRequiredValue(database);
        await using var engine = await OpenAsync(parsed, writes: true, cancellation);
        if (!parsed.GetValue(yes))
        {
            if (!Terminal.InIsTerminal)
            {
                throw new UsageException($"Deleting {name} needs a yes, and there is no terminal to ask on.", "Add --yes.");
            }

            var it = await engine.Open(name).DescribeAsync(ReadLevel.Strong, cancellation);
            Terminal.Error.Write($"Delete {name}, {DatabaseText.Size(it.Bytes)}, from {engine.StoreUrl}? Type its name to confirm: ");
            if (Terminal.In.ReadLine()?.Trim() != name)
            {
                throw new UsageException("That was not its name: nothing is deleted.", "Run it again and type the name.");
            }
        }

        await engine.DeleteAsync(name, cancellation);
        if (parsed.GetValue(SharedOptions.Json))
        {
            DatabaseText.WriteJsonLine(Terminal, writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("deleted", name);
                writer.WriteEndObject();
            });
        }
        else
        {
            Terminal.Out.WriteLine($"deleted {name}");
        }

        return ExitCodes.Ok;
    }
}
