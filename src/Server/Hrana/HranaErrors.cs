using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansSqlite.Server.Hrana;

/// <summary>The one map from errors to those of the protocol.</summary>
internal static class HranaErrors
{
    /// <summary>A transaction that was rolled back because what it had told was no longer so. It is to be run again.</summary>
    public const string Conflict = "SQLITE_ABORT_ROLLBACK";

    private static readonly string[] SqliteNames =
    [
        "SQLITE_OK", "SQLITE_ERROR", "SQLITE_INTERNAL", "SQLITE_PERM", "SQLITE_ABORT", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_NOMEM",
        "SQLITE_READONLY", "SQLITE_INTERRUPT", "SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTFOUND", "SQLITE_FULL", "SQLITE_CANTOPEN",
        "SQLITE_PROTOCOL", "SQLITE_EMPTY", "SQLITE_SCHEMA", "SQLITE_TOOBIG", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_MISUSE",
        "SQLITE_NOLFS", "SQLITE_AUTH", "SQLITE_FORMAT", "SQLITE_RANGE", "SQLITE_NOTADB",
    ];

    /// <summary>The error as the client gets it. What is in an unforeseen one is for the log of the operator.</summary>
    public static HranaError From(Exception error) => error switch
    {
        HranaException it => new(it.Message, it.Code),
        RequestException it => new(it.Message, Written(it.Code)),
        SqliteException it => From(DataErrors.Classify(it), it.SqliteErrorCode),
        DatabaseException it => From(it, it.SqliteCode & 0xFF),
        BadHttpRequestException it => new(it.Message, "HRANA_PROTO_ERROR"),
        _ => new("The server failed in a way that it does not know. Its log has the error; please report it.", "INTERNAL"),
    };

    /// <summary>The status for what fails as a whole.</summary>
    public static int Status(Exception error) => error switch
    {
        HranaException it => it.Status,
        RequestException it => it.Status,
        SqliteException it => ErrorStatus.Of(DataErrors.Classify(it)),
        DatabaseException it => ErrorStatus.Of(it),
        BadHttpRequestException it => it.StatusCode,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>SQLite's own name where SQLite refused; for a lost race that of a transaction that was rolled back; else this library's code.</summary>
    private static HranaError From(DatabaseException error, int sqliteCode) => new(error.Message, error switch
    {
        { Kind: ErrorKind.Conflict } => Conflict,
        { Code: ErrorCodes.NotAllowed } => SqliteNames[raw.SQLITE_AUTH],
        { Code: ErrorCodes.ReadOnly } => SqliteNames[raw.SQLITE_READONLY],
        { Code: ErrorCodes.Sql } when sqliteCode > 0 && sqliteCode < SqliteNames.Length => SqliteNames[sqliteCode],
        _ => Written(error.Code),
    });

    /// <summary>A code of this library as the protocol writes codes.</summary>
    private static string Written(string code) => code.Replace('-', '_').ToUpperInvariant();
}
