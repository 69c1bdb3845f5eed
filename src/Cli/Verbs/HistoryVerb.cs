using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class HistoryVerb : Verb
{
    private static readonly IReadOnlyList<Column> Columns =
        [new("version", null), new("committed", null), new("bytes", null), new("changed_pages", null), new("stored_bytes", null), new("tables", null)];

    private readonly Argument<string> database = DatabaseArgument();
    private readonly Option<int> limit = new("--limit") { Description = "How many versions at most.", HelpName = "COUNT", DefaultValueFactory = _ => 20 };
    private readonly Option<long?> below = new("--below") { Description = "Only versions below this one.", HelpName = "VERSION" };
    private readonly FormatOptions format;

    public HistoryVerb(Terminal terminal)
        : base(
            "history", "List the versions that can be read, restored or forked, newest first.",
            """
            orleans-sqlite history shop
            orleans-sqlite history shop --limit 100 --below 5000 --csv
            """,
            terminal)
    {
        format = new FormatOptions(terminal);
        Add(database);
        Add(limit);
        Add(below);
        format.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        await using var engine = await OpenAsync(parsed, writes: false, cancellation);
        int left = Math.Max(0, parsed.GetValue(limit));
        var rows = format.From(parsed);
        rows.Start(0, Columns);
        await foreach (var version in engine.Open(parsed.GetRequiredValue(database)).HistoryAsync(parsed.GetValue(below) ?? long.MaxValue, cancellation))
        {
            if (left-- == 0)
            {
                break;
            }

            rows.Write([[
                SqlValue.From(version.Version),
                SqlValue.From(DatabaseText.Time(version.CommittedAt)),
                SqlValue.From(version.Bytes),
                version.ChangedPages is { } pages ? SqlValue.From((long)pages) : SqlValue.Null,
                version.StoredBytes is { } stored ? SqlValue.From((long)stored) : SqlValue.Null,
                version.Tables is { } tables ? SqlValue.From(string.Join(", ", tables)) : SqlValue.Null,
            ]]);
        }

        rows.End();
        return ExitCodes.Ok;
    }
}
