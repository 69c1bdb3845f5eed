using Microsoft.EntityFrameworkCore;

namespace OrleansSqlite.EntityFrameworkCore.Storage;

/// <summary>
/// What a unit was told that ended it: no row has that concurrency token, a key exists already, a parent does not, or what its caller
/// made of the rows that it read. A transaction
/// begins on the newest version that this process knows, which another one may have passed: a row that somebody was shown elsewhere
/// may not be in it. So before the unit's caller is told, the newest version is looked up. If it is newer than the one that the unit
/// ran on, the unit runs again, once; then it has seen all that was committed before it was called.
/// </summary>
internal sealed class Verdicts(StoredConnection? connection)
{
    private long? looked;

    /// <summary>The unit begins, or begins again: what ran before it is no part of it.</summary>
    public void BeginAttempt() => connection?.ForgetRun();

    /// <summary>Whether the state of the database may have made an error, and may not have been the newest one.</summary>
    public bool MustConfirm(Exception error) =>
        connection is { RanOn: { } ranOn, Stored: not null } && !(ranOn >= looked)
        && Innermost(error) is not (OperationCanceledException or OrleansSqliteException);

    /// <summary>Looks, and raises a conflict if the error was met on a version that is not the newest one.</summary>
    public async Task ConfirmAsync(Exception error, CancellationToken cancellation)
    {
        var stored = connection!.Stored!;
        var engine = await stored.EngineAsync(cancellation).ConfigureAwait(false);
        try
        {
            looked = (await engine.Open(stored.DataSource).DescribeAsync(ReadLevel.Strong, cancellation).ConfigureAwait(false)).Version;
        }
        catch (DatabaseException e)
        {
            throw OrleansSqliteException.From(e);
        }

        if (looked > connection.RanOn)
        {
            throw OrleansSqliteException.From(new DatabaseException(
                ErrorKind.Conflict,
                ErrorCodes.DataChanged,
                $"A unit on '{stored.DataSource}' failed on a version older than {looked}, which may not have been the reason: run it again. {error.Message}",
                error)
            {
                Database = stored.DataSource,
                Version = looked,
            });
        }
    }

    private static Exception Innermost(Exception error) =>
        error is DbUpdateException and not DbUpdateConcurrencyException && error.InnerException is { } inner ? Innermost(inner) : error;
}
