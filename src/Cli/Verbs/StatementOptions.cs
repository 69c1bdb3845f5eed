using System.CommandLine;

namespace OrleansSqlite.Cli;

/// <summary>SQL and its parameters, as arguments and options.</summary>
internal sealed class StatementOptions(Terminal terminal)
{
    private readonly Argument<string> sql = new("SQL") { Description = "The SQL, or - to read it from standard input." };

    private readonly Option<string[]> positional = new("--arg")
    {
        Description = "A value for the next ? of the SQL; may be repeated. 12, 1.5, NULL, X'FF' and 'text' mean what they mean in SQL; anything else is text.",
        HelpName = "VALUE",
    };

    private readonly Option<string[]> named = new("--param")
    {
        Description = "A value for :name of the SQL; may be repeated.",
        HelpName = "NAME=VALUE",
    };

    private readonly Option<bool> asText = new("--text")
    {
        Description = "Take all values as text, just as they are. For values that you don't know.",
    };

    public void AddTo(Command command)
    {
        command.Add(sql);
        command.Add(positional);
        command.Add(named);
        command.Add(asText);
    }

    public async Task<Statement> FromAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var text = parsed.GetRequiredValue(sql);
        if (text == "-")
        {
            text = await terminal.In.ReadToEndAsync(cancellation);
        }

        Func<string, SqlValue> read = parsed.GetValue(asText) ? SqlValue.From : ValueText.Parse;
        return new Statement(text)
        {
            Positional = [.. (parsed.GetValue(positional) ?? []).Select(read)],
            Named = Names(parsed.GetValue(named) ?? [], read),
        };
    }

    private static Dictionary<string, SqlValue> Names(string[] pairs, Func<string, SqlValue> read)
    {
        Dictionary<string, SqlValue> values = [];
        foreach (var pair in pairs)
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
            {
                throw new UsageException($"--param {pair} has no name and value.", "Write --param name=value.");
            }

            if (!values.TryAdd(pair[..equals], read(pair[(equals + 1)..])))
            {
                throw new UsageException($"--param {pair[..equals]} is given twice.", "Give each name once.");
            }
        }

        return values;
    }
}
