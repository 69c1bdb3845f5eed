using System.Text;

namespace OrleansSqlite.Cli;

/// <summary>What the loop itself has to do after a dot command.</summary>
internal readonly record struct DotOutcome(bool Quit = false, string? ReadFile = null);

/// <summary>A dot command.</summary>
internal sealed record DotCommand(
    string Name, string Parameters, string Help, int Least, int Most, Func<IReadOnlyList<string>, CancellationToken, Task<DotOutcome>> RunAsync);

/// <summary>The commands that start with a dot, as in the sqlite3 program.</summary>
internal sealed class DotCommands
{
    private readonly ShellContext context;
    private readonly DotCommand[] all;

    public DotCommands(ShellContext context)
    {
        this.context = context;
        var schema = new SchemaCommands(context);
        all =
        [
            Make("dump", "[TABLE]", "Print the database, or a table, as SQL", 0, 1, (a, c) => Dump.RunAsync(context, a is [var table] ? table : "%", c)),
            Make("headers", "on|off", "Whether column names are printed", 1, 1, a => context.Settings.Headers = OnOff(a[0])),
            Make("help", "", "This list", 0, 1, _ => Help()),
            Make("import", "[--skip N] FILE TABLE", "Insert the rows of a CSV file, as one transaction", 2, 5, (a, c) => CsvImport.RunAsync(context, a, c)),
            Make("indexes", "[TABLE]", "The indexes, or those of a table", 0, 1, schema.IndexesAsync),
            Make("info", "", "Version, size, what the database occupies", 0, 0, async (_, c) =>
                DatabaseText.Write(context.Terminal.Out, await context.Database.DescribeAsync(ReadLevel.Strong, c))),
            Make("mode", "MODE", $"How rows are printed: {Modes}", 0, 1, SetMode),
            Make("nullvalue", "TEXT", "What is printed for NULL", 1, 1, a => context.Settings.NullText = a[0]),
            new("quit", "", "End the shell; .exit too, or Ctrl-D", 0, 1, (_, _) => Task.FromResult(new DotOutcome(Quit: true))),
            new("read", "FILE", "Run the statements and commands of a file", 1, 1, (a, _) => Task.FromResult(new DotOutcome(ReadFile: a[0]))),
            Make("schema", "[TABLE]", "The CREATE statements; TABLE may have % and _", 0, 1, schema.SchemaAsync),
            Make("tables", "[PATTERN]", "The tables and views; PATTERN may have % and _", 0, 1, schema.TablesAsync),
            Make("timer", "on|off", "Whether the time of each input is printed", 1, 1, a => context.Settings.Timer = OnOff(a[0])),
        ];
    }

    private static string Modes => string.Join(' ', Enum.GetNames<RowFormat>()).ToLowerInvariant();

    /// <summary>Runs a line that begins with a dot.</summary>
    /// <exception cref="UsageException">There is no such command, or it is used wrongly.</exception>
    public Task<DotOutcome> RunAsync(string line, CancellationToken cancellation)
    {
        var words = Words(line[1..]);
        var command = Find(words.Count > 0 ? words[0] : "");
        var arguments = words.Skip(1).ToList();
        return arguments.Count >= command.Least && arguments.Count <= command.Most
            ? command.RunAsync(arguments, cancellation)
            : throw new UsageException($"The command is used wrongly: {line.Trim()}", $"Write it like this: .{command.Name} {command.Parameters}".TrimEnd());
    }

    private DotCommand Find(string name)
    {
        var wanted = name == "exit" ? "quit" : name;
        var found = all.Where(command => command.Name == wanted).ToList();
        found = found.Count > 0 || wanted.Length == 0 ? found : [.. all.Where(command => command.Name.StartsWith(wanted, StringComparison.Ordinal))];
        return found switch
        {
            [var one] => one,
            [] => throw new UsageException($"There is no command .{name}", ".help lists the commands."),
            _ => throw new UsageException($"The command .{name} could be {string.Join(" or ", found.Select(it => "." + it.Name))}.", "Write some more of it."),
        };
    }

    private void Help()
    {
        foreach (var command in all)
        {
            context.Terminal.Out.WriteLine($"{$".{command.Name} {command.Parameters}",-30} {command.Help}");
        }

        context.Terminal.Out.WriteLine(
            """

            Statements end with ; and may take several lines. Each input is a transaction of
            its own, durable in the store when the prompt comes back.
            BEGIN; gathers the statements that follow, COMMIT; runs them as one transaction
            and prints their rows then, ROLLBACK; drops them.
            PRAGMA foreign_keys=OFF; lets foreign keys wait until the transaction's end.
            """);
    }

    private void SetMode(IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0)
        {
            context.Terminal.Out.WriteLine($"current mode: {context.Settings.Mode.ToString().ToLowerInvariant()}");
            return;
        }

        context.Settings.Mode = char.IsAsciiLetter(arguments[0][0]) && Enum.TryParse<RowFormat>(arguments[0], ignoreCase: true, out var mode)
            ? mode
            : throw new UsageException($"There is no mode {arguments[0]}.", $"The modes are {Modes}.");
    }

    private static bool OnOff(string word) => word switch
    {
        "on" or "yes" or "1" => true,
        "off" or "no" or "0" => false,
        _ => throw new UsageException($"{word} is neither on nor off.", "Write on or off."),
    };

    private static DotCommand Make(string name, string parameters, string help, int least, int most, Action<IReadOnlyList<string>> run) =>
        Make(name, parameters, help, least, most, (arguments, _) =>
        {
            run(arguments);
            return Task.CompletedTask;
        });

    private static DotCommand Make(
        string name, string parameters, string help, int least, int most, Func<IReadOnlyList<string>, CancellationToken, Task> run) =>
        new(name, parameters, help, least, most, async (arguments, cancellation) =>
        {
            await run(arguments, cancellation);
            return default;
        });

    /// <summary>The words of a line; quotes hold words together.</summary>
    private static List<string> Words(string line)
    {
        List<string> words = [];
        StringBuilder? word = null;
        var quote = '\0';
        foreach (var c in line.Trim())
        {
            if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
                _ = quote == '\0' ? word : word!.Append(c);
            }
            else if (c is '\'' or '"')
            {
                quote = c;
                word ??= new();
            }
            else if (char.IsWhiteSpace(c))
            {
                Take();
            }
            else
            {
                (word ??= new()).Append(c);
            }
        }

        Take();
        return words;

        void Take()
        {
            if (word is not null)
            {
                words.Add(word.ToString());
                word = null;
            }
        }
    }
}
