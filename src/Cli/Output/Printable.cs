using System.Text;

namespace OrleansSqlite.Cli;

/// <summary>Makes text harmless for a terminal.</summary>
internal static class Printable
{
    private const char ControlPictures = '\u2400';
    private const char Delete = '\u007f';
    private const char DeletePicture = '\u2421';

    /// <summary>The text with its control characters as pictures: what a row holds must not steer the terminal.</summary>
    public static string Of(string text)
    {
        if (!text.Any(NeedsPicture))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            shown.Append(!NeedsPicture(c) ? c : c == Delete ? DeletePicture : c < ' ' ? (char)(ControlPictures + c) : '\ufffd');
        }

        return shown.ToString();
    }

    private static bool NeedsPicture(char c) => char.IsControl(c) && c is not '\n';
}
