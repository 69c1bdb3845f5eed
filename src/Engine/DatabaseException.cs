namespace OrleansSqlite;

/// <summary>The six kinds of error. Each maps once to SQLite's codes, HTTP statuses, grain faults and exit codes.</summary>
public enum ErrorKind
{
    /// <summary>The data that the caller was told of has changed, or a race was lost too often: run the unit again.</summary>
    Conflict,

    /// <summary>The store cannot be reached: try again later. <see cref="DatabaseException.OutcomeKnown"/> says whether a write may have landed.</summary>
    Unavailable,

    /// <summary>Too many callers wait already: try again after a pause.</summary>
    Overloaded,

    /// <summary>The call is wrong (SQL, name, parameter, missing database): fix it, repeating does not help.</summary>
    Invalid,

    /// <summary>Stored data is damaged, or was written by a newer version of this software.</summary>
    Corrupt,

    /// <summary>A bug, or a broken invariant: the open database refuses further writes.</summary>
    Internal,
}

/// <summary>
/// The one exception of the library. Its message names the database, and where they are known the version and the object,
/// and says what to do next. It never holds credentials or parameter values.
/// </summary>
public sealed class DatabaseException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="kind">Which of the six.</param>
    /// <param name="code">A stable machine-readable code, one of <see cref="ErrorCodes"/>.</param>
    /// <param name="message">What happened and what to do next.</param>
    /// <param name="inner">The error behind it.</param>
    public DatabaseException(ErrorKind kind, string code, string message, Exception? inner = null)
        : base(message, inner)
    {
        Kind = kind;
        Code = code;
    }

    /// <summary>Which of the six kinds.</summary>
    public ErrorKind Kind { get; }

    /// <summary>A stable machine-readable code, one of <see cref="ErrorCodes"/>.</summary>
    public string Code { get; }

    /// <summary>The database's name, if it concerns one.</summary>
    public string? Database { get; init; }

    /// <summary>The version that it concerns, if known.</summary>
    public long? Version { get; init; }

    /// <summary>The stored object that it concerns, if any.</summary>
    public string? Object { get; init; }

    /// <summary>False if a write may or may not have taken effect: ask again with the same operation id, or as the message says, to find out.</summary>
    public bool OutcomeKnown { get; init; } = true;

    /// <summary>The extended result code of SQLite, if SQLite raised it; otherwise 0.</summary>
    public int SqliteCode { get; init; }

    /// <summary>The index of the failed statement within its batch, if it is one statement's error.</summary>
    public int? Statement { get; init; }

    /// <summary>Only what is wrong with the object, as a clause, if it is damaged or too new.</summary>
    internal string? Damage { get; init; }

    /// <summary>Whether the same call may succeed when it is made again.</summary>
    public bool IsTransient => Kind is ErrorKind.Conflict or ErrorKind.Unavailable or ErrorKind.Overloaded;
}

/// <summary>The stable codes of <see cref="DatabaseException.Code"/>.</summary>
public static class ErrorCodes
{
    /// <summary>There is no database of that name.</summary>
    public const string DatabaseNotFound = "database-not-found";

    /// <summary>There is a database of that name already.</summary>
    public const string DatabaseExists = "database-exists";

    /// <summary>The database was deleted, or deleted and created anew, while it was open.</summary>
    public const string DatabaseGone = "database-gone";

    /// <summary>The name breaks the rules for names.</summary>
    public const string BadName = "bad-name";

    /// <summary>An option or argument is out of its range.</summary>
    public const string BadArgument = "bad-argument";

    /// <summary>The store's URL or settings are wrong, or the bucket or directory is missing.</summary>
    public const string BadStore = "bad-store";

    /// <summary>The store refused the credentials.</summary>
    public const string StoreDenied = "store-denied";

    /// <summary>The store does not honour conditional writes.</summary>
    public const string StoreUnsafe = "store-unsafe";

    /// <summary>The store cannot be reached, or failed.</summary>
    public const string StoreUnavailable = "store-unavailable";

    /// <summary>The store is full.</summary>
    public const string StoreFull = "store-full";

    /// <summary>SQLite refused the statement: syntax, schema, types, constraints.</summary>
    public const string Sql = "sql";

    /// <summary>A statement that is not allowed here: it would reach outside of the database.</summary>
    public const string NotAllowed = "not-allowed";

    /// <summary>A write through a read-only path.</summary>
    public const string ReadOnly = "read-only";

    /// <summary>A limit on rows, bytes, time or memory was passed.</summary>
    public const string LimitExceeded = "limit-exceeded";

    /// <summary>The queue of waiting transactions is full.</summary>
    public const string QueueFull = "queue-full";

    /// <summary>A race was lost more often, or for longer, than the options allow.</summary>
    public const string RetriesExhausted = "retries-exhausted";

    /// <summary>An interactive transaction lost a race, and what it was told before is no longer so.</summary>
    public const string DataChanged = "data-changed";

    /// <summary>An interactive transaction lost a race, and could not be run again by itself.</summary>
    public const string NotRepeatable = "not-repeatable";

    /// <summary>The operation id was used before, for a different write.</summary>
    public const string OperationReused = "operation-reused";

    /// <summary>The version that the caller expected is not the current one.</summary>
    public const string VersionMismatch = "version-mismatch";

    /// <summary>The wanted version lies in the future.</summary>
    public const string VersionNotReached = "version-not-reached";

    /// <summary>The wanted version is older than the history that is kept.</summary>
    public const string VersionGone = "version-gone";

    /// <summary>A reader has held its snapshot for longer than the history is kept, and a collection has taken its pages away.</summary>
    public const string SnapshotTooOld = "snapshot-too-old";

    /// <summary>There is no named snapshot of that name, or there is one already.</summary>
    public const string SnapshotName = "snapshot-name";

    /// <summary>Whether a write took effect could not be found out.</summary>
    public const string OutcomeUnknown = "outcome-unknown";

    /// <summary>An object is damaged: a checksum, a length or a field is wrong.</summary>
    public const string Damaged = "damaged";

    /// <summary>A database was to be repaired whose newest version is whole.</summary>
    public const string NothingToRepair = "nothing-to-repair";

    /// <summary>An object was written by a newer version of this software.</summary>
    public const string TooNew = "too-new";

    /// <summary>A file that was to be imported is no SQLite database, or is damaged.</summary>
    public const string BadFile = "bad-file";

    /// <summary>An invariant does not hold: a bug.</summary>
    public const string Invariant = "invariant";
}
