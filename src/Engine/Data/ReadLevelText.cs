using System.Globalization;

namespace OrleansSqlite.Data;

/// <summary>A read level in a connection string.</summary>
internal static class ReadLevelText
{
    private const string AtLeast = "at least ";
    private const string StaleBy = "stale by ";

    /// <summary>Reads a level.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static ReadLevel Parse(string text) =>
        TryParse(text, out var level) ? level : throw new ArgumentException($"'{text}' is no read level: say 'strong', 'at least 17' or 'stale by 5s'.");

    /// <summary>Reads a level, if it is one.</summary>
    public static bool TryParse(string text, out ReadLevel level)
    {
        level = ReadLevel.Strong;
        text = text.Trim();
        if (text.StartsWith(AtLeast, StringComparison.OrdinalIgnoreCase)
            && long.TryParse(text.AsSpan(AtLeast.Length), CultureInfo.InvariantCulture, out long version) && version >= 0)
        {
            level = ReadLevel.AtLeast(version);
            return true;
        }

        if (text.StartsWith(StaleBy, StringComparison.OrdinalIgnoreCase) && TryParseTime(text.AsSpan(StaleBy.Length).Trim(), out var age) && age >= TimeSpan.Zero)
        {
            level = ReadLevel.StaleBy(age);
            return true;
        }

        return string.Equals(text, "strong", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Writes a level.</summary>
    public static string Format(ReadLevel level) => level.Kind switch
    {
        ReadLevelKind.AtLeast => AtLeast + level.Version.ToString(CultureInfo.InvariantCulture),
        ReadLevelKind.StaleBy => StaleBy + level.Age.ToString("c"),
        ReadLevelKind.Strong => "strong",
        _ => throw new ArgumentException("A connection stands on the newest version. Read an earlier one by a query of the engine's database, or fork it.", nameof(level)),
    };

    private static bool TryParseTime(ReadOnlySpan<char> text, out TimeSpan time)
    {
        foreach (var (unit, milliseconds) in ((string, double)[])[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)])
        {
            if (text.EndsWith(unit) && double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count) && count < 1e9)
            {
                time = TimeSpan.FromMilliseconds(count * milliseconds);
                return true;
            }
        }

        return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out time);
    }
}
