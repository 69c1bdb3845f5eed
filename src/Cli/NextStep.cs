namespace OrleansSqlite.Cli;

/// <summary>What somebody at a terminal does after an error.</summary>
internal static class NextStep
{
    public static string After(DatabaseException error) => error.Code switch
    {
        ErrorCodes.DatabaseNotFound => "orleans-sqlite list shows the databases, orleans-sqlite create NAME makes one. Is it the right --store?",
        ErrorCodes.DatabaseExists => "Take another name, or delete it first; import can --replace it.",
        ErrorCodes.DatabaseGone => "Somebody deleted it meanwhile. orleans-sqlite list shows what there is.",
        ErrorCodes.BadName => "Use letters, digits, - and _ in the name.",
        ErrorCodes.BadStore => "Check --store or ORLEANSSQLITE_STORE; a directory or bucket must exist already.",
        ErrorCodes.StoreDenied => "Check the credentials and permissions for the store.",
        ErrorCodes.StoreUnsafe => "This store cannot keep databases safe. Take one that honours If-Match.",
        ErrorCodes.StoreFull => "Make room in the store, then run it again.",
        ErrorCodes.OutcomeUnknown => "Do what the message says to find out; a repetition with the same --operation-id takes effect once.",
        ErrorCodes.StoreUnavailable when !error.OutcomeKnown => "It may have taken effect. Look at the data before you run it again.",
        ErrorCodes.StoreUnavailable => "Check that the store runs and that its address is right, then run it again.",
        ErrorCodes.Sql => "Fix the SQL; the tables are in sqlite_schema.",
        ErrorCodes.ReadOnly => "query only reads: use orleans-sqlite execute to write.",
        ErrorCodes.NotAllowed => "Leave that statement out: it would reach outside of the database.",
        ErrorCodes.LimitExceeded => "Ask for less at once: split the statement, or add a LIMIT.",
        ErrorCodes.OperationReused => "Take a new --operation-id for a new write.",
        ErrorCodes.VersionMismatch => "Read again, decide again, and give the new version.",
        ErrorCodes.VersionNotReached => "Check --at-least or --at-version: no commit has made that version yet.",
        ErrorCodes.VersionGone => "orleans-sqlite info says which versions there are, orleans-sqlite history lists them; gc --keep DAYS keeps more from now on.",
        ErrorCodes.SnapshotName => "orleans-sqlite snapshot DB lists the snapshots.",
        ErrorCodes.SnapshotTooOld => "Run it again: it then reads a newer version.",
        ErrorCodes.BadFile => "Check the path; sqlite3 FILE \"pragma integrity_check\" checks what is in it.",
        ErrorCodes.NothingToRepair => "Use it. orleans-sqlite verify DB --history tells what of its past is damaged, if anything is.",
        ErrorCodes.TooNew => "Update orleans-sqlite: the database was written by a newer one.",
        _ => error.Kind switch
        {
            ErrorKind.Conflict => "Run it again.",
            ErrorKind.Unavailable => "Run it again later.",
            ErrorKind.Overloaded => "Run it again after a pause.",
            ErrorKind.Corrupt => "orleans-sqlite verify DB --history tells what is damaged and which versions are whole, orleans-sqlite repair DB --dry-run what can be done.",
            ErrorKind.Internal => "Run it again with --verbose and report what it prints.",
            _ => "Fix the call; --help shows how it is used.",
        },
    };
}
