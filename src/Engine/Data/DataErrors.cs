using Microsoft.Data.Sqlite;
using OrleansSqlite.Stores;
using OrleansSqlite.Transactions;
using OrleansSqlite.Vfs;
using SQLitePCL;

namespace OrleansSqlite;

/// <summary>What the errors of connections mean: the one place that maps SQLite's codes to the six kinds, and back.</summary>
public static class DataErrors
{
    /// <summary>Says what an error of a connection means: its kind, whether it may pass, whether the outcome of a write is known.</summary>
    /// <param name="error">What was raised by a command, a reader, a transaction or a connection.</param>
    /// <param name="connection">The connection that it came from, if it is at hand: errors that surface while a reader is read have
    /// only a code, and the connection knows what was behind it.</param>
    public static DatabaseException Classify(SqliteException error, OrleansSqliteConnection? connection = null)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error is OrleansSqliteException { Failure: var failure }
            ? failure
            : connection?.FailureBehind(error) ?? SqliteErrors.Classify(connection?.DatabaseName, error.SqliteExtendedErrorCode, error.Message);
    }

    /// <summary>What was behind an error of SQLite, if it came from below SQLite; null if it is SQLite's own.</summary>
    internal static DatabaseException? Behind(string? database, SqliteException error, Exception? failure) => failure switch
    {
        null => null,

        // SQLite turns IOERR_CORRUPTFS, which it was given, into CORRUPT.
        DatabaseException { Kind: ErrorKind.Corrupt } damage when error.SqliteErrorCode == raw.SQLITE_CORRUPT => damage,
        DatabaseException { Code: ErrorCodes.ReadOnly } past when error.SqliteErrorCode == raw.SQLITE_READONLY => past,
        _ when error.SqliteErrorCode is not (raw.SQLITE_ABORT or raw.SQLITE_IOERR or raw.SQLITE_FULL or raw.SQLITE_CANTOPEN or raw.SQLITE_NOMEM) => null,
        DatabaseException known => known,
        StoreException store => Errors.FromStore(database, store),
        _ => new DatabaseException(ErrorKind.Internal, ErrorCodes.Invariant, $"SQLite failed on '{database}': {failure.Message}", failure) { Database = database },
    };

    /// <summary>A write on a connection whose read level is a version of the past.</summary>
    internal static DatabaseException OfThePast(string database) => new(
        ErrorKind.Invalid,
        ErrorCodes.ReadOnly,
        $"The connection reads a version of the past of '{database}', which nothing can change. Write on a connection without such a read level; "
        + "a transaction that only reads begins with BeginTransaction(deferred: true).")
    { Database = database };

    /// <summary>The result code for an error of this library. What SQLite makes of one depends on where it was met.</summary>
    internal static int CodeOf(DatabaseException failure, SqliteException? raised) => failure switch
    {
        { Kind: ErrorKind.Conflict } => Code.AbortRollback,
        { Code: ErrorCodes.DatabaseNotFound or ErrorCodes.DatabaseGone } => Code.CannotOpen,
        { Code: ErrorCodes.StoreFull } => Code.Full,
        { Kind: ErrorKind.Corrupt } => raw.SQLITE_CORRUPT,
        { Kind: ErrorKind.Unavailable } => Code.IoFsync,
        _ when raised is not null => raised.SqliteExtendedErrorCode,
        { SqliteCode: not 0 } => failure.SqliteCode,
        { Kind: ErrorKind.Invalid } => Code.Error,
        _ => Code.IoError,
    };
}
