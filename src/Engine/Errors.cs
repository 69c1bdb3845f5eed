using OrleansSqlite.Stores;

namespace OrleansSqlite;

/// <summary>The library's errors, each worded once.</summary>
internal static class Errors
{
    /// <summary>How the outcome of a batch is found out.</summary>
    public const string OverOperationId = "Send the write again with the same operation id to find out; without one, look at the data first.";

    /// <summary>How the outcome of a commit without an operation id is found out.</summary>
    public const string OverHistory = "Look at the newest versions of its history to find out.";

    /// <summary>How the outcome of a creation or deletion is found out.</summary>
    public const string OverCatalogue = "Look whether the database is there to find out.";

    /// <summary>For what may be done twice.</summary>
    public const string Again = "Do it again: twice is as good as once.";

    public static DatabaseException NotFound(string database) => new(
        ErrorKind.Invalid, ErrorCodes.DatabaseNotFound, $"There is no database '{database}'. Create it first, or check the name and the store.")
    { Database = database };

    public static DatabaseException Exists(string database) => new(
        ErrorKind.Invalid, ErrorCodes.DatabaseExists, $"There is a database '{database}' already. Choose another name, or delete it first.")
    { Database = database };

    public static DatabaseException Gone(string database) => new(
        ErrorKind.Invalid, ErrorCodes.DatabaseGone, $"The database '{database}' was deleted, or deleted and created anew, while it was open. Open it again.")
    { Database = database };

    public static DatabaseException Overloaded(string database, int waiting) => new(
        ErrorKind.Overloaded, ErrorCodes.QueueFull, $"{waiting} writes wait for the database '{database}' already. Try again after a pause.")
    { Database = database };

    public static DatabaseException RetriesExhausted(string database, int attempts, TimeSpan time) => new(
        ErrorKind.Conflict,
        ErrorCodes.RetriesExhausted,
        $"The write to '{database}' lost {attempts} races in {time.TotalSeconds:0.0} s and was not applied. Try again, or let fewer processes write at once.")
    { Database = database };

    public static DatabaseException Attach(string database) => new(
        ErrorKind.Invalid,
        ErrorCodes.NotAllowed,
        $"Only ':memory:' and temporary databases can be attached to '{database}': a commit to two stored databases, or to a file beside one, would not be atomic.")
    { Database = database, SqliteCode = SQLitePCL.raw.SQLITE_AUTH };

    public static DatabaseException NotAllowed(string database, string why) => new(
        ErrorKind.Invalid, ErrorCodes.NotAllowed, $"The statement is not allowed on '{database}': {why}.")
    { Database = database, SqliteCode = SQLitePCL.raw.SQLITE_AUTH };

    public static DatabaseException Changed(string database, string what) => new(
        ErrorKind.Conflict,
        ErrorCodes.DataChanged,
        $"Another transaction on '{database}' was committed first, and changed what this one was told: {what}. It was not applied. Run it again from its beginning.")
    { Database = database };

    public static DatabaseException NotRepeatable(string database, string why) => new(
        ErrorKind.Conflict,
        ErrorCodes.NotRepeatable,
        $"Another transaction on '{database}' was committed first, and this one could not be run again by itself: {why}. It was not applied. Run it again from its beginning.")
    { Database = database };

    /// <param name="database">The database.</param>
    /// <param name="version">The version that the swap would have made, or kept.</param>
    /// <param name="inner">What the store said.</param>
    /// <param name="findOut">What tells the caller whether it took effect: only batches have operation ids.</param>
    public static DatabaseException OutcomeUnknown(string database, long version, Exception? inner, string findOut = OverOperationId) => new(
        ErrorKind.Unavailable,
        ErrorCodes.OutcomeUnknown,
        $"The store did not say whether version {version} of '{database}' was written. {findOut}",
        inner)
    { Database = database, Version = version, OutcomeKnown = false };

    public static DatabaseException ResultsLost(string database, long version, Exception inner) => new(
        ErrorKind.Unavailable,
        ErrorCodes.OutcomeUnknown,
        $"The write to '{database}' took effect as version {version}, but what its statements gave could not be read: {inner.Message} Don't send it again; query what you need.",
        inner)
    { Database = database, Version = version, OutcomeKnown = false };

    public static DatabaseException BroughtBack(string database, long version) => new(
        ErrorKind.Unavailable,
        ErrorCodes.OutcomeUnknown,
        $"The write to '{database}' took effect as version {version}, a restore took that back, and another one has brought it again before the write was answered. Don't send it again; query what you need.")
    { Database = database, Version = version, OutcomeKnown = false };

    public static DatabaseException Invariant(string database, long version, string broken) => new(
        ErrorKind.Internal,
        ErrorCodes.Invariant,
        $"The database '{database}' at version {version} breaks an invariant ({broken}). It refuses writes until it is opened again; nothing was written. Please report this.")
    { Database = database, Version = version };

    public static DatabaseException Refuses(string database, Exception because) => new(
        ErrorKind.Internal,
        ErrorCodes.Invariant,
        $"The database '{database}' refuses writes until it is opened again: {because.Message}",
        because)
    { Database = database };

    public static DatabaseException VersionNotReached(string database, long wanted, long version) => new(
        ErrorKind.Invalid,
        ErrorCodes.VersionNotReached,
        $"Version {wanted} of '{database}' is asked for, but it is at {version}. Is the version from another database or store?")
    { Database = database, Version = version };

    public static DatabaseException VersionGone(string database, long wanted, long oldest, Exception? inner = null) => new(
        ErrorKind.Invalid,
        ErrorCodes.VersionGone,
        $"Version {wanted} of '{database}' is too old: its history is not kept for so long. The oldest version that can be read is {oldest}. "
        + "Read a newer one; a longer retention, or a named snapshot, keeps versions for longer.",
        inner)
    { Database = database, Version = wanted };

    public static DatabaseException SnapshotTooOld(string database, string segment, Exception inner) => new(
        ErrorKind.Conflict,
        ErrorCodes.SnapshotTooOld,
        $"A snapshot of '{database}' was held for longer than its history is kept: a collection has taken {segment} away. Nothing was applied. Run it again on a newer one; "
        + "if it comes again at once, the object is lost: read the database with verify.",
        inner)
    { Database = database, Object = segment };

    public static DatabaseException NoSnapshot(string database, string name) => new(
        ErrorKind.Invalid, ErrorCodes.SnapshotName, $"'{database}' has no snapshot '{name}'. Check the name against the list of its snapshots.")
    { Database = database };

    public static DatabaseException SnapshotExists(string database, string name) => new(
        ErrorKind.Invalid, ErrorCodes.SnapshotName, $"'{database}' has a snapshot '{name}' already. Choose another name, or drop that one first.")
    { Database = database };

    public static DatabaseException TimeGone(string database, long timeMs, long oldest) => new(
        ErrorKind.Invalid,
        ErrorCodes.VersionGone,
        $"'{database}' has no version of {DateTimeOffset.FromUnixTimeMilliseconds(timeMs):yyyy-MM-dd HH:mm:ss.fff}Z or before: it is younger, or its history is not kept for "
        + $"so long. The oldest version that can be read is {oldest}.")
    { Database = database, Version = oldest };

    public static DatabaseException ReadOnly(string database) => new(
        ErrorKind.Invalid, ErrorCodes.ReadOnly, $"The statement writes, but reads of '{database}' were asked for. Execute it instead.")
    { Database = database };

    /// <summary>A failure of the store, as the library's error.</summary>
    public static DatabaseException FromStore(string? database, StoreException e)
    {
        var (kind, code) = e.Failure switch
        {
            StoreFailure.Unavailable => (ErrorKind.Unavailable, ErrorCodes.StoreUnavailable),
            StoreFailure.Denied => (ErrorKind.Unavailable, ErrorCodes.StoreDenied),
            StoreFailure.Full => (ErrorKind.Unavailable, ErrorCodes.StoreFull),
            StoreFailure.Misconfigured => (ErrorKind.Invalid, ErrorCodes.BadStore),
            StoreFailure.Unsafe => (ErrorKind.Invalid, ErrorCodes.StoreUnsafe),
            StoreFailure.Missing or StoreFailure.Truncated => (ErrorKind.Corrupt, ErrorCodes.Damaged),
            _ => (ErrorKind.Internal, ErrorCodes.Invariant),
        };
        string where = database is null ? "" : $"Database '{database}': ";
        return new DatabaseException(kind, code, where + e.Message, e) { Database = database, Object = e.Key };
    }
}
