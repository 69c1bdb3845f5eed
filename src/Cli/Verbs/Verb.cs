using System.CommandLine;

namespace OrleansSqlite.Cli;

/// <summary>One thing that the command line can do.</summary>
internal abstract class Verb : Command
{
    protected Verb(string name, string description, string examples, Terminal terminal)
        : base(name, description)
    {
        Examples = examples;
        Terminal = terminal;
        SetAction(RunAsync);
    }

    /// <summary>What the help shows to copy.</summary>
    public string Examples { get; }

    protected Terminal Terminal { get; }

    /// <summary>The database's name, for the verbs that have one.</summary>
    protected static Argument<string> DatabaseArgument() => new("DB") { Description = "The database's name." };

    /// <summary>Does it, and gives the exit code. Errors are thrown.</summary>
    protected abstract Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation);

    /// <summary>Opens the store that the caller named. Only who writes needs to know whether the store is safe to write to, which costs requests.</summary>
    protected static Task<DatabaseEngine> OpenAsync(ParseResult parsed, bool writes, CancellationToken cancellation) =>
        DatabaseEngine.OpenAsync(
            StoreLocation.Url(parsed.GetValue(SharedOptions.Store)), new DatabaseOptions { ProbeStore = writes }, cancellation: cancellation);
}
