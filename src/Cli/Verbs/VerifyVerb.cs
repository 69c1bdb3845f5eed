using System.CommandLine;
using System.Text.Json;

namespace OrleansSqlite.Cli;

internal sealed class VerifyVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();
    private readonly Option<long?> version = new("--version") { Description = "Read this version instead of the newest.", HelpName = "VERSION" };
    private readonly Option<bool> history = new("--history") { Description = "Read everything that can be gone back to as well." };

    public VerifyVerb(Terminal terminal)
        : base(
            "verify", "Read a database back and check every byte of it. Exits with 6 if something is damaged.",
            """
            orleans-sqlite verify shop
            orleans-sqlite verify shop --history
            """,
            terminal)
    {
        Add(database);
        Add(version);
        Add(history);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string name = parsed.GetRequiredValue(database);
        bool all = parsed.GetValue(history);
        if (all && parsed.GetValue(version) is not null)
        {
            throw new UsageException("--history reads all versions, --version one.", "Give one of them.");
        }

        await using var engine = await OpenAsync(parsed, writes: false, cancellation);
        var report = await Transfer.RunAsync(Terminal, progress => engine.VerifyAsync(name, all, parsed.GetValue(version), progress, cancellation));
        if (parsed.GetValue(SharedOptions.Json))
        {
            DatabaseText.WriteJsonLine(Terminal, writer => Write(writer, report));
        }
        else
        {
            Write(report, all);
        }

        return report.IsWhole ? ExitCodes.Ok : ExitCodes.Corrupt;
    }

    private void Write(VerificationReport report, bool all)
    {
        FindingText.Write(Terminal.Out, report.Findings);
        foreach (string note in report.Notes)
        {
            Terminal.Out.WriteLine($"note     {note}");
        }

        string what = report.Version is { } read ? $"version {read}" : "the head";
        Terminal.Out.WriteLine(
            $"{report.Database} is {(report.IsWhole ? "whole" : "damaged")}: {what}, {report.Objects} {(report.Objects == 1 ? "object" : "objects")}, {DatabaseText.Size(report.Bytes)} read");
        if (all || report.Version is null)
        {
            foreach (var run in report.Versions)
            {
                string versions = run.Snapshot is { } named ? $"snapshot {named}" : run.First == run.Last ? $"version {run.Last}" : $"versions {run.First} to {run.Last}";
                Terminal.Out.WriteLine($"{(run.IsWhole ? "whole  " : "damaged")}  {versions}, committed {DatabaseText.Time(run.CommittedAt)}");
            }
        }

        if (!report.IsWhole)
        {
            Terminal.Out.WriteLine(all || report.Version is null
                ? $"what a repair would do: orleans-sqlite repair {report.Database} --dry-run"
                : $"what is still whole: orleans-sqlite verify {report.Database} --history");
        }
    }

    private static void Write(Utf8JsonWriter writer, VerificationReport report)
    {
        writer.WriteStartObject();
        writer.WriteString("database", report.Database);
        writer.WriteBoolean("whole", report.IsWhole);
        if (report.Version is { } read)
        {
            writer.WriteNumber("version", read);
        }
        else
        {
            writer.WriteNull("version");
        }

        writer.WriteNumber("objects", report.Objects);
        writer.WriteNumber("bytes", report.Bytes);
        FindingText.Write(writer, report.Findings);
        writer.WriteStartArray("notes");
        foreach (string note in report.Notes)
        {
            writer.WriteStringValue(note);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("versions");
        foreach (var run in report.Versions)
        {
            writer.WriteStartObject();
            writer.WriteNumber("first", run.First);
            writer.WriteNumber("last", run.Last);
            writer.WriteString("committedAt", run.CommittedAt);
            writer.WriteBoolean("whole", run.IsWhole);
            writer.WriteString("snapshot", run.Snapshot);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
