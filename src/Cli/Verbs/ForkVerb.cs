using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class ForkVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();
    private readonly Argument<string> fork = new("NEW") { Description = "The new database's name." };
    private readonly PastOptions past = new();

    public ForkVerb(Terminal terminal)
        : base(
            "fork", "Make a new database that begins as a version of another one. Nothing is copied.",
            """
            orleans-sqlite fork shop shop-test
            orleans-sqlite fork shop shop-yesterday --at-time 2026-11-22T00:00:00Z
            """,
            terminal)
    {
        Add(database);
        Add(fork);
        past.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string name = parsed.GetRequiredValue(database);
        await using var engine = await OpenAsync(parsed, writes: true, cancellation);
        var made = await engine.ForkAsync(name, parsed.GetRequiredValue(fork), past.From(parsed) ?? ReadLevel.Strong, cancellation);
        DatabaseText.Write(Terminal, made, parsed.GetValue(SharedOptions.Json), $"forked {made.Name} from {name}");
        return ExitCodes.Ok;
    }
}
