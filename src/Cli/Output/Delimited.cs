using System.Buffers;

namespace OrleansSqlite.Cli;

/// <summary>Values between delimiters.</summary>
internal static class Delimited
{
    private static readonly SearchValues<char> Breaking = SearchValues.Create("\t\n\r\\");
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\n\r");

    /// <summary>The text on one line without a tab: these are written \t \n \r, and a backslash \\.</summary>
    public static string Escape(string text) => text.AsSpan().ContainsAny(Breaking)
        ? text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\t", "\\t", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal)
            .Replace("\r", "\\r", StringComparison.Ordinal)
        : text;

    /// <summary>The value as CSV: NULL is nothing at all, an empty text is quoted, so that they differ.</summary>
    public static string Csv(SqlValue value) => value.IsNull ? "" : Csv(ValueText.Of(value));

    /// <summary>The text as CSV.</summary>
    public static string Csv(string text) => text.Length == 0 || text.AsSpan().ContainsAny(Quoted) || text[0] == ' ' || text[^1] == ' '
        ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : text;
}
