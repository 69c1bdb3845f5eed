using System.CommandLine;
using System.Globalization;

namespace OrleansSqlite.Cli;

/// <summary>A version of the past, as options.</summary>
internal sealed class PastOptions
{
    private readonly Option<long?> version = new("--at-version") { Description = "The version with this number.", HelpName = "VERSION" };

    private readonly Option<string?> time = new("--at-time")
    {
        Description = "The newest version that was committed at this time or before: 2026-11-23T08:30:00Z.",
        HelpName = "TIME",
    };

    private readonly Option<string?> snapshot = new("--at-snapshot") { Description = "The version that the named snapshot holds.", HelpName = "NAME" };

    public void AddTo(Command command)
    {
        command.Add(version);
        command.Add(time);
        command.Add(snapshot);
    }

    /// <summary>The level that was given, or null if none was.</summary>
    public ReadLevel? From(ParseResult parsed)
    {
        var (atVersion, atTime, atSnapshot) = (parsed.GetValue(version), parsed.GetValue(time), parsed.GetValue(snapshot));
        if ((atVersion is null ? 0 : 1) + (atTime is null ? 0 : 1) + (atSnapshot is null ? 0 : 1) > 1)
        {
            throw new UsageException("More than one of --at-version, --at-time and --at-snapshot is given.", "Give one of them.");
        }

        return atVersion is { } number ? number >= 0
                ? ReadLevel.AtVersion(number)
                : throw new UsageException("--at-version takes a version, which is never negative.", "Look for one with: orleans-sqlite history DB")
            : atTime is { } text ? DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
                ? ReadLevel.AtTime(moment)
                : throw new UsageException($"'{text}' is no time.", "Write it like 2026-11-23T08:30:00Z.")
            : atSnapshot is { } name ? ReadLevel.AtSnapshot(name)
            : null;
    }
}
