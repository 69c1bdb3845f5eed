using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class RestoreVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();
    private readonly PastOptions past = new();

    public RestoreVerb(Terminal terminal)
        : base(
            "restore", "Make an earlier version the newest one. What was written since stays in the history.",
            """
            orleans-sqlite restore shop --at-version 41
            orleans-sqlite restore shop --at-time 2026-11-23T08:30:00Z
            """,
            terminal)
    {
        Add(database);
        past.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string name = parsed.GetRequiredValue(database);
        var at = past.From(parsed) ?? throw new UsageException("Which version is to be restored?", $"Give --at-version, --at-time or --at-snapshot; look for one with: orleans-sqlite history {name}");
        await using var engine = await OpenAsync(parsed, writes: true, cancellation);
        var restored = await engine.Open(name).RestoreAsync(at, cancellation);
        DatabaseText.Write(Terminal, restored, parsed.GetValue(SharedOptions.Json), $"restored {name}");
        if (!parsed.GetValue(SharedOptions.Json))
        {
            Terminal.Out.WriteLine($"to undo it: orleans-sqlite restore {name} --at-version {restored.Version - 1}");
        }

        return ExitCodes.Ok;
    }
}
