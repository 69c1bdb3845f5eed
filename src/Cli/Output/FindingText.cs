using System.Text.Json;

namespace OrleansSqlite.Cli;

/// <summary>Prints what is wrong with what is stored.</summary>
internal static class FindingText
{
    private const int RangesShown = 8;

    public static void Write(TextWriter output, IReadOnlyList<VerificationFinding> findings)
    {
        foreach (var finding in findings)
        {
            string where = finding.Offset is { } offset ? $"{finding.Object} at byte {offset}" : finding.Object;
            output.WriteLine($"damaged  {where}: {finding.What}");
            if (finding.Pages.Count > 0)
            {
                output.WriteLine($"         pages {Ranges(finding.Pages)}{(finding.Tables.Count > 0 ? $", of {string.Join(", ", finding.Tables)}" : "")}");
            }
        }
    }

    public static void Write(Utf8JsonWriter writer, IReadOnlyList<VerificationFinding> findings)
    {
        writer.WriteStartArray("findings");
        foreach (var finding in findings)
        {
            writer.WriteStartObject();
            writer.WriteString("object", finding.Object);
            if (finding.Offset is { } offset)
            {
                writer.WriteNumber("offset", offset);
            }
            else
            {
                writer.WriteNull("offset");
            }

            writer.WriteString("what", finding.What);
            Write(writer, "pages", finding.Pages);
            Write(writer, "tables", finding.Tables);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public static void Write(Utf8JsonWriter writer, string name, IReadOnlyList<PageRange> pages)
    {
        writer.WriteStartArray(name);
        foreach (var range in pages)
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(range.First);
            writer.WriteNumberValue(range.Last);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    public static void Write(Utf8JsonWriter writer, string name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (string text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }

    public static string Ranges(IReadOnlyList<PageRange> pages) =>
        string.Join(", ", pages.Take(RangesShown)) + (pages.Count > RangesShown ? $" and {pages.Count - RangesShown} more ranges" : "");
}
