using System.Globalization;

namespace OrleansSqlite.Data;

/// <summary>A read level in a connection string.</summary>
internal static class ReadLevelText
{
    private const string AtLeast = "at least ";
    private const string StaleBy = "stale by ";
    private const string AtVersion = "at version ";
    private const string AtTime = "at time ";
    private const string AtSnapshot = "at snapshot ";

    /// <summary>Reads a level.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static ReadLevel Parse(string text) =>
        TryParse(text, out var level) ? level : throw new ArgumentException($"'{text}' is no read level: say 'strong', 'at least 17', 'stale by 5s', 'at version 17', 'at time 2026-11-23T04:30:00Z' or 'at snapshot name'.");

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

        if (text.StartsWith(AtVersion, StringComparison.OrdinalIgnoreCase)
            && long.TryParse(text.AsSpan(AtVersion.Length), CultureInfo.InvariantCulture, out long past) && past >= 0)
        {
            level = ReadLevel.AtVersion(past);
            return true;
        }

        if (text.StartsWith(AtTime, StringComparison.OrdinalIgnoreCase) && TryParseInstant(text.AsSpan(AtTime.Length).Trim(), out var time))
        {
            level = ReadLevel.AtTime(time);
            return true;
        }

        if (text.StartsWith(AtSnapshot, StringComparison.OrdinalIgnoreCase) && text[AtSnapshot.Length..].Trim() is var name && DatabaseName.IsValid(name))
        {
            level = ReadLevel.AtSnapshot(name);
            return true;
        }

        return string.Equals(text, "strong", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Writes a level.</summary>
    public static string Format(ReadLevel level) => level.Kind switch
    {
        ReadLevelKind.AtLeast => AtLeast + level.Version.ToString(CultureInfo.InvariantCulture),
        ReadLevelKind.StaleBy => StaleBy + level.Age.ToString("c"),
        ReadLevelKind.AtVersion => AtVersion + level.Version.ToString(CultureInfo.InvariantCulture),
        ReadLevelKind.AtTime => AtTime + level.Time.ToString("O", CultureInfo.InvariantCulture),
        ReadLevelKind.AtSnapshot => AtSnapshot + level.Snapshot,
        _ => "strong",
    };

    /// <summary>An instant has a zone: a connection string goes from machine to machine.</summary>
    private static bool TryParseInstant(ReadOnlySpan<char> text, out DateTimeOffset time)
    {
        string zoned = text is [.. var rest, 'Z' or 'z'] ? $"{rest}+00:00" : text.ToString();
        return DateTimeOffset.TryParseExact(
            zoned, ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd'T'HH:mm:sszzz"], CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
    }

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
