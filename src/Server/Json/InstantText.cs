using System.Globalization;

namespace OrleansSqlite.Server;

/// <summary>Instants in requests, as RFC 3339 writes them. A zone is needed: nobody should have to guess the server's.</summary>
internal static class InstantText
{
    /// <summary>The form, for messages.</summary>
    public const string Form = "2026-11-23T04:30:00Z, with a zone";

    private static readonly string[] Forms = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mmzzz"];

    /// <summary>Reads an instant.</summary>
    public static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(
            text is [.. var rest, 'Z' or 'z'] ? rest + "+00:00" : text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
}
