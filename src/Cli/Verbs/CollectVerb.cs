using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class CollectVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Only say what would be deleted." };
    private readonly Option<double?> keep = new("--keep")
    {
        Description = "First set for how many days versions are kept, from now on.",
        HelpName = "DAYS",
    };

    public CollectVerb(Terminal terminal)
        : base(
            "gc", "Delete what nothing names any more: history that is older than the database keeps, and what lost races have left behind.",
            """
            orleans-sqlite gc shop --dry-run
            orleans-sqlite gc shop
            orleans-sqlite gc shop --keep 30
            """,
            terminal)
    {
        Add(database);
        Add(dryRun);
        Add(keep);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string name = parsed.GetRequiredValue(database);
        bool isDry = parsed.GetValue(dryRun);
        await using var engine = await OpenAsync(parsed, writes: !isDry, cancellation);
        if (parsed.GetValue(keep) is { } days)
        {
            if (isDry || days is not (>= 0 and <= 36_525))
            {
                throw new UsageException("--keep takes days from 0 to 36525, and sets something: it does not go with --dry-run.", "Leave one of them out.");
            }

            await engine.Open(name).SetRetentionAsync(TimeSpan.FromDays(days), cancellation);
        }

        var report = await engine.CollectAsync(name, isDry, cancellation);
        if (parsed.GetValue(SharedOptions.Json))
        {
            DatabaseText.WriteJsonLine(Terminal, writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("deleted", report.Deleted);
                writer.WriteNumber("deletedBytes", report.DeletedBytes);
                writer.WriteNumber("kept", report.Kept);
                writer.WriteNumber("keptBytes", report.KeptBytes);
                writer.WriteNumber("young", report.Young);
                writer.WriteNumber("oldestVersion", report.OldestVersion);
                writer.WriteEndObject();
            });
        }
        else
        {
            Terminal.Out.WriteLine($"{(isDry ? "would delete" : "deleted")} {report.Deleted} objects, {DatabaseText.Size(report.DeletedBytes)}");
            Terminal.Out.WriteLine($"kept {report.Kept} objects, {DatabaseText.Size(report.KeptBytes)}, and {report.Young} that are too young to judge; the oldest version is {report.OldestVersion}");
        }

        return ExitCodes.Ok;
    }
}
