using Microsoft.Data.Sqlite;

namespace OrleansSqlite;

/// <summary>
/// What an <see cref="OrleansSqliteConnection"/> raises beyond the errors of SQLite itself: a lost race, a store that can't be
/// reached, a refusal. It is a <see cref="SqliteException"/>, so that code for SQLite catches it; <see cref="Failure"/> has the
/// words of this library.
/// </summary>
public sealed class OrleansSqliteException : SqliteException
{
    private const int ExtendedBits = 8;

    private OrleansSqliteException(DatabaseException failure, int extendedCode)
        : base(failure.Message, extendedCode & ((1 << ExtendedBits) - 1), extendedCode) => Failure = failure;

    /// <summary>The error: its kind, its code, and whether the outcome of a write is known.</summary>
    public DatabaseException Failure { get; }

    /// <summary>Which of the six kinds.</summary>
    public ErrorKind Kind => Failure.Kind;

    /// <summary>Whether the transaction may succeed when it is run again from its beginning.</summary>
    public override bool IsTransient => Failure.IsTransient;

    /// <summary>False if a write may or may not have taken effect.</summary>
    public bool OutcomeKnown => Failure.OutcomeKnown;

    internal static OrleansSqliteException From(DatabaseException failure, SqliteException? raised = null) =>
        new(failure, DataErrors.CodeOf(failure, raised));
}
