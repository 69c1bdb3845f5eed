using System.Text;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>What a caller was told, as lines that can be compared.</summary>
internal static class Lines
{
    private const int MaxWidth = 300;
    private const string EngineError = "error of the engine:";

    /// <summary>Whether an answer is an error.</summary>
    public static bool IsError(string answer) => answer.StartsWith("error", StringComparison.Ordinal);

    /// <summary>Whether an answer is an error that plain SQLite has no words for.</summary>
    public static bool IsOfTheEngine(string answer) => answer.StartsWith(EngineError, StringComparison.Ordinal);

    /// <summary>A text whose long lines are cut, for people.</summary>
    public static string Cut(string text) =>
        string.Join('\n', text.Split('\n').Select(line => line.Length > MaxWidth ? line[..MaxWidth] + "…" : line));

    public static string Of(StatementResult result)
    {
        var line = new StringBuilder();
        line.Append(string.Join(',', result.Columns.Select(column => $"{column.Name}:{column.DeclaredType}")));
        foreach (var row in result.Rows)
        {
            line.Append('\n').Append(Of(row));
        }

        return line.Append($"\nchanges {result.Changes}, rowid {result.LastInsertRowId}").ToString();
    }

    public static string Of(IReadOnlyList<SqlValue> row) => string.Join('|', row.Select(value => $"{value.Type}:{value}"));

    /// <summary>An error by SQLite's own words.</summary>
    public static string Of(SqliteException error)
    {
        // The provider says: SQLite Error 19: 'UNIQUE constraint failed: t.a'.
        int begin = error.Message.IndexOf('\'', StringComparison.Ordinal);
        return begin < 0 ? $"error: {error.Message}" : $"error: {error.Message[(begin + 1)..^2]}";
    }

    /// <summary>An error of the engine, without its remarks.</summary>
    public static string Of(DatabaseException error)
    {
        if (error.Code == ErrorCodes.NotAllowed)
        {
            return "error: ended";
        }

        int begin = error.Statement is null ? 0 : error.Message.IndexOf(": ", StringComparison.Ordinal) + 2;
        return error.Code == ErrorCodes.Sql ? $"error: {error.Message[begin..]}" : $"{EngineError} {error.Kind} {error.Code} {error.Message}";
    }
}
