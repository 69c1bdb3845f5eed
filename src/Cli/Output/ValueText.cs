using System.Globalization;

namespace OrleansSqlite.Cli;

/// <summary>Values as people write and read them.</summary>
internal static class ValueText
{
    /// <summary>The value as the sqlite3 program prints it, but that NULL shows and a blob is X'…'.</summary>
    public static string Of(SqlValue value, string nullText = "NULL") => value.Type switch
    {
        SqlType.Null => nullText,
        SqlType.Real => Real(value.AsReal()),
        _ => value.ToString(),
    };

    /// <summary>The value as an SQL literal that gives the same value again.</summary>
    public static string Literal(SqlValue value) => value.Type switch
    {
        SqlType.Real => value.AsReal() switch
        {
            double.PositiveInfinity => "1e999",
            double.NegativeInfinity => "-1e999",
            var real => Real(real),
        },
        SqlType.Text => Text(value.AsText()),
        _ => Of(value),
    };

    /// <summary>A name as an SQL identifier.</summary>
    public static string Identifier(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A value that a caller typed: an SQL literal if it is one, else text.</summary>
    public static SqlValue Parse(string text)
    {
        if (text.Equals("null", StringComparison.OrdinalIgnoreCase))
        {
            return SqlValue.Null;
        }

        if (text.Length >= 2 && text[0] == '\'' && text[^1] == '\'' && !text[1..^1].Replace("''", "", StringComparison.Ordinal).Contains('\'', StringComparison.Ordinal))
        {
            return SqlValue.From(text[1..^1].Replace("''", "'", StringComparison.Ordinal));
        }

        if (text.Length >= 3 && text[0] is 'x' or 'X' && text[1] == '\'' && text[^1] == '\'')
        {
            return Blob(text);
        }

        return Number(text) ?? SqlValue.From(text);
    }

    private static SqlValue Blob(string text)
    {
        try
        {
            return SqlValue.From(Convert.FromHexString(text.AsSpan(2, text.Length - 3)));
        }
        catch (FormatException)
        {
            throw new UsageException($"The value {text} is no blob.", "Write an even number of hex digits between the quotes: X'00FF'.");
        }
    }

    /// <summary>A number as SQLite prints it. What a number is not printed as (007, +49, a card's 20 digits) stays the text it is.</summary>
    private static SqlValue? Number(string text)
    {
        var digits = text.AsSpan(text.StartsWith('-') ? 1 : 0);
        if (digits.IsEmpty || !char.IsAsciiDigit(digits[0]) || (digits[0] == '0' && digits.Length > 1 && char.IsAsciiDigit(digits[1])))
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
        {
            return SqlValue.From(integer);
        }

        return digits.IndexOfAny('.', 'e', 'E') > 0
            && double.TryParse(
                text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var real)
            && double.IsFinite(real)
            ? SqlValue.From(real)
            : null;
    }

    private static string Real(double value)
    {
        if (!double.IsFinite(value))
        {
            return value > 0 ? "Inf" : "-Inf";
        }

        var digits = value.ToString("R", CultureInfo.InvariantCulture);
        return digits.AsSpan().IndexOfAny('.', 'E') >= 0 ? digits : digits + ".0";
    }

    private static string Text(string text) => text.Contains('\0', StringComparison.Ordinal)
        // SQL text ends at NUL, so such a text can only be spelt by its bytes.
        ? $"CAST(X'{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(text))}' AS TEXT)"
        : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
