using Microsoft.Data.Sqlite;
using OrleansSqlite.Stores;
using SQLitePCL;

namespace OrleansSqlite.Transactions;

/// <summary>What SQLite's result codes mean to a caller: the one place that maps them to the library's errors.</summary>
internal static class SqliteErrors
{
    /// <summary>What the caller's own connection raised, or what was behind it below SQLite, if something was.</summary>
    public static Exception Behind(string database, SqliteException raised, Exception? failure) => failure switch
    {
        DatabaseException known => known,
        StoreException store => Errors.FromStore(database, store),
        _ => raised,
    };

    /// <summary>Makes the error for a result code.</summary>
    /// <param name="database">The database.</param>
    /// <param name="handle">The connection, for SQLite's own words.</param>
    /// <param name="code">The result code.</param>
    /// <param name="failure">What went wrong below SQLite, if something did.</param>
    /// <param name="refusal">Why the guard refused the statement, if it did.</param>
    public static Exception Translate(string database, sqlite3 handle, int code, Exception? failure, string? refusal)
    {
        int extended = raw.sqlite3_extended_errcode(handle);
        string words = raw.sqlite3_errmsg(handle).utf8_to_string();
        switch (failure)
        {
            case DatabaseException known:
                return known;
            case StoreException store:
                return Errors.FromStore(database, store);
            case not null when (code & 0xFF) == raw.SQLITE_IOERR:
                return new DatabaseException(ErrorKind.Internal, ErrorCodes.Invariant, $"Reading '{database}' failed: {failure.Message}", failure) { Database = database };
        }

        return (code & 0xFF) switch
        {
            // A refused function is an ordinary error to SQLite.
            raw.SQLITE_ERROR when refusal is not null => NotAllowed(refusal),
            raw.SQLITE_INTERRUPT => new OperationCanceledException("The statement was interrupted."),
            raw.SQLITE_AUTH => NotAllowed(refusal ?? words),
            _ => Classify(database, extended, words),
        };

        DatabaseException NotAllowed(string why) => new(ErrorKind.Invalid, ErrorCodes.NotAllowed, $"The statement is not allowed: {why}.")
        {
            Database = database,
            SqliteCode = extended,
        };
    }

    /// <summary>Makes the error for a result code behind which nothing else is known.</summary>
    /// <param name="database">The database.</param>
    /// <param name="extended">The extended result code.</param>
    /// <param name="words">SQLite's own words.</param>
    public static DatabaseException Classify(string? database, int extended, string words)
    {
        return (extended & 0xFF) switch
        {
            raw.SQLITE_AUTH => Make(ErrorKind.Invalid, ErrorCodes.NotAllowed, $"The statement is not allowed: {words}."),
            raw.SQLITE_READONLY => Make(ErrorKind.Invalid, ErrorCodes.ReadOnly, $"{words}: the statement writes where only reads are allowed."),
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => Make(ErrorKind.Corrupt, ErrorCodes.Damaged, $"SQLite finds '{database}' damaged: {words}. Run PRAGMA integrity_check to learn more."),
            raw.SQLITE_FULL => Make(ErrorKind.Invalid, ErrorCodes.LimitExceeded, $"{words}: no more pages fit."),
            raw.SQLITE_NOMEM or raw.SQLITE_TOOBIG => Make(ErrorKind.Invalid, ErrorCodes.LimitExceeded, $"{words}: make the values or the statement smaller."),
            raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN or raw.SQLITE_INTERNAL or raw.SQLITE_MISUSE or raw.SQLITE_ABORT =>
                Make(ErrorKind.Internal, ErrorCodes.Invariant, $"SQLite failed on '{database}': {words} ({extended})."),
            _ => Make(ErrorKind.Invalid, ErrorCodes.Sql, words),
        };

        DatabaseException Make(ErrorKind kind, string name, string message) =>
            new(kind, name, message) { Database = database, SqliteCode = extended };
    }
}
