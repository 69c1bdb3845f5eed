using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Transfer;

/// <summary>Tells the failure of a file that is imported or exported from a bug.</summary>
internal static class FileFailure
{
    /// <summary>Whether an error is one of the file, its disk or the rights to it.</summary>
    public static bool Is(Exception error) => error is SqliteException or IOException or UnauthorizedAccessException
        // The runtime has no exception of its own for a file above the process's limit on sizes.
        or ArgumentOutOfRangeException { ParamName: "value" };
}
