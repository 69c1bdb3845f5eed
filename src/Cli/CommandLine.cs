using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace OrleansSqlite.Cli;

/// <summary>The command line as a whole: its verbs, what they share, and how errors leave.</summary>
internal static class CommandLine
{
    /// <summary>Runs a command line to its exit code. Nothing is thrown out of here.</summary>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, Interrupt interrupt)
    {
        var root = Root(terminal, interrupt);
        // A parameter may well start with @, so no token stands for a file of tokens.
        var parsed = root.Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        var report = new ErrorReport(terminal, parsed.GetValue(SharedOptions.Json), parsed.GetValue(SharedOptions.Verbose));
        if (parsed.Action is ParseErrorAction)
        {
            return report.Usage(parsed.Errors[0].Message, Path(parsed.CommandResult));
        }

        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                    Output = terminal.Out,
                    Error = terminal.Error,
                },
                interrupt.Token);
        }
#pragma warning disable CA1031 // This is the place where every error becomes an exit code.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return report.Failure(error, interrupt.Token);
        }
    }

    private static RootCommand Root(Terminal terminal, Interrupt interrupt)
    {
        var root = new RootCommand("SQLite databases in an object store: S3, a directory, any number of writers at once.")
        {
            SharedOptions.Store,
            SharedOptions.Json,
            SharedOptions.Verbose,
            new CreateVerb(terminal),
            new ListVerb(terminal),
            new InfoVerb(terminal),
            new QueryVerb(terminal),
            new ExecuteVerb(terminal),
            new ShellVerb(terminal, interrupt),
            new ImportVerb(terminal),
            new ExportVerb(terminal),
            new HistoryVerb(terminal),
            new RestoreVerb(terminal),
            new ForkVerb(terminal),
            new SnapshotVerb(terminal),
            new CompactVerb(terminal),
            new CollectVerb(terminal),
            new VerifyVerb(terminal),
            new RepairVerb(terminal),
            new DeleteVerb(terminal),
            new ServeVerb(terminal),
            new TokenVerb(terminal),
            new BenchVerb(terminal),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        root.SetAction(parsed => ((HelpWithExamples)help.Action).Invoke(parsed));
        return root;
    }

    private static string Path(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{Path(parent)} {command.Command.Name}" : "orleans-sqlite";
}
