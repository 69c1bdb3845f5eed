using System.Buffers;

namespace OrleansSqlite;

/// <summary>
/// The rules for names. A name is a folder in the store and may be a label of a host name, so it has the characters that
/// both allow, and no capitals: on some file systems two names that differ only in case would be one.
/// </summary>
public static class DatabaseName
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 63;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    /// <summary>Checks a name and gives it back.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadName"/>.</exception>
    public static string Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        bool good = name.Length is > 0 and <= MaxLength
            && char.IsAsciiLetterOrDigit(name[0])
            && !name.AsSpan().ContainsAnyExcept(Allowed)
            && !name.Contains("..", StringComparison.Ordinal);
        return good ? name : throw new DatabaseException(
            ErrorKind.Invalid,
            ErrorCodes.BadName,
            $"'{(name.Length > 80 ? name[..80] + "…" : name)}' is no database name. Use 1 to {MaxLength} of the characters a-z 0-9 - _ . and begin with a letter or digit.");
    }
}
