using System.CommandLine;

namespace OrleansSqlite.Cli;

/// <summary>What a read promises, as options.</summary>
internal sealed class ReadLevelOptions
{
    private readonly Option<double?> stale = new("--stale")
    {
        Description = "Take a version that was current at most so many seconds ago. Spares a request if one is at hand.",
        HelpName = "SECONDS",
    };

    private readonly Option<long?> atLeast = new("--at-least")
    {
        Description = "See at least this version: the one that a write printed.",
        HelpName = "VERSION",
    };

    private readonly PastOptions past = new();

    public void AddTo(Command command)
    {
        command.Add(stale);
        command.Add(atLeast);
        past.AddTo(command);
    }

    public ReadLevel From(ParseResult parsed) => (parsed.GetValue(stale), parsed.GetValue(atLeast)) switch
    {
        _ when past.From(parsed) is { } level => parsed.GetValue(stale) is null && parsed.GetValue(atLeast) is null
            ? level
            : throw new UsageException("A version of the past is given together with --stale or --at-least.", "Give one of them."),
        (not null, not null) => throw new UsageException("--stale and --at-least are given together.", "Give one of them."),
        ({ } seconds, _) => seconds is >= 0 and <= 86_400
            ? ReadLevel.StaleBy(TimeSpan.FromSeconds(seconds))
            : throw new UsageException("--stale takes seconds from 0 to 86400.", "Give a time in that range."),
        (_, { } version) => version >= 0
            ? ReadLevel.AtLeast(version)
            : throw new UsageException("--at-least takes a version, which is never negative.", "Give the version that a write printed."),
        _ => ReadLevel.Strong,
    };
}
