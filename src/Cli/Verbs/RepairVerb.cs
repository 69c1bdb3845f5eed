using System.CommandLine;
using System.Text.Json;

namespace OrleansSqlite.Cli;

internal sealed class RepairVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Only say what would be done, and what would be lost." };

    private readonly Option<string?> salvage = new("--salvage")
    {
        Description = "Repair nothing: write what can be read of the newest version to this file. Lost pages are zeroes in it.",
        HelpName = "FILE",
    };

    public RepairVerb(Terminal terminal)
        : base(
            "repair", "Go back to the newest version that is whole, if the newest one is damaged. Nothing is deleted.",
            """
            orleans-sqlite repair shop --dry-run
            orleans-sqlite repair shop
            orleans-sqlite repair shop --salvage rest.sqlite
            """,
            terminal)
    {
        Add(database);
        Add(dryRun);
        Add(salvage);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string name = parsed.GetRequiredValue(database);
        bool isDry = parsed.GetValue(dryRun), json = parsed.GetValue(SharedOptions.Json);
        string? file = parsed.GetValue(salvage);
        if (isDry && file is not null)
        {
            throw new UsageException("--salvage changes nothing but its file: it does not go with --dry-run.", "Leave one of them out.");
        }

        await using var engine = await OpenAsync(parsed, writes: !isDry && file is null, cancellation);
        if (file is not null)
        {
            string path = Path.GetFullPath(file);
            var saved = await Transfer.RunAsync(Terminal, progress => engine.SalvageAsync(name, path, false, progress, cancellation));
            Write(name, path, saved, json);
            return ExitCodes.Ok;
        }

        var report = await Transfer.RunAsync(Terminal, progress => engine.RepairAsync(name, isDry, progress, cancellation));
        if (json)
        {
            DatabaseText.WriteJsonLine(Terminal, writer => Write(writer, report));
        }
        else
        {
            Write(name, report);
        }

        return ExitCodes.Ok;
    }

    private void Write(string name, RepairReport report)
    {
        FindingText.Write(Terminal.Out, report.Findings);
        string source = report.Snapshot is { } snapshot ? $"version {report.Source} (snapshot {snapshot})" : $"version {report.Source}";
        Terminal.Out.WriteLine($"the newest version that is whole is {source}, committed {DatabaseText.Time(report.SourceCommittedAt)}");
        long lost = report.Newest - report.Source;
        string known = report.IsHeadDamaged ? " that are known of" : "";
        Terminal.Out.WriteLine(lost == 0
            ? $"none of the commits{known} {(report.Version is null ? "would be" : "is")} lost"
            : $"{lost} {(lost == 1 ? "commit" : "commits")}{known} after it, up to {DatabaseText.Time(report.NewestCommittedAt)}, {(report.Version is null ? "would be" : "are")} taken back");
        Terminal.Out.WriteLine(report.Version is { } version ? $"repaired {name}: version {version} has its rows" : $"to do it: orleans-sqlite repair {name}");
    }

    private static void Write(Utf8JsonWriter writer, RepairReport report)
    {
        writer.WriteStartObject();
        writer.WriteNumber("source", report.Source);
        writer.WriteString("sourceCommittedAt", report.SourceCommittedAt);
        writer.WriteString("snapshot", report.Snapshot);
        writer.WriteNumber("newest", report.Newest);
        writer.WriteString("newestCommittedAt", report.NewestCommittedAt);
        writer.WriteBoolean("headDamaged", report.IsHeadDamaged);
        if (report.Version is { } version)
        {
            writer.WriteNumber("version", version);
        }
        else
        {
            writer.WriteNull("version");
        }

        FindingText.Write(writer, report.Findings);
        writer.WriteEndObject();
    }

    private void Write(string name, string path, SalvageReport report, bool json)
    {
        if (json)
        {
            DatabaseText.WriteJsonLine(Terminal, writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("version", report.Version);
                writer.WriteNumber("bytes", report.Bytes);
                FindingText.Write(writer, "lostPages", report.LostPages);
                FindingText.Write(writer, "tables", report.Tables);
                writer.WriteEndObject();
            });
            return;
        }

        Terminal.Out.WriteLine($"salvaged {name} to {path}: version {report.Version}, {DatabaseText.Size(report.Bytes)}");
        Terminal.Out.WriteLine(report.LostPages.Count == 0
            ? "no page is lost"
            : $"lost pages {string.Join(", ", report.LostPages)}{(report.Tables.Count > 0 ? $", of {string.Join(", ", report.Tables)}" : "")}: zeroes in the file");
    }
}
