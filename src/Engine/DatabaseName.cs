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
        return IsValid(name) ? name : throw new DatabaseException(
            ErrorKind.Invalid,
            ErrorCodes.BadName,
            $"'{(name.Length > 80 ? name[..80] + "…" : name)}' is no database name. Use 1 to {MaxLength} of the characters a-z 0-9 - _ . and begin with a letter or digit.");
    }

    /// <summary>Checks the name of a snapshot, for which the same rules hold, and gives it back.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadName"/>.</exception>
    internal static string CheckSnapshot(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return IsValid(name) ? name : throw new DatabaseException(
            ErrorKind.Invalid,
            ErrorCodes.BadName,
            $"'{(name.Length > 80 ? name[..80] + "…" : name)}' is no name for a snapshot. Use 1 to {MaxLength} of the characters a-z 0-9 - _ . and begin with a letter or digit.");
    }

    /// <summary>Whether a database may have that name.</summary>
    internal static bool IsValid(string name) =>
        name.Length is > 0 and <= MaxLength
        && char.IsAsciiLetterOrDigit(name[0])
        && !name.AsSpan().ContainsAnyExcept(Allowed)
        && !name.Contains("..", StringComparison.Ordinal);
}
