using Microsoft.EntityFrameworkCore.Infrastructure;
using OrleansSqlite;

namespace Microsoft.EntityFrameworkCore;

/// <summary>What a context on a stored database can do beyond EF Core.</summary>
public static class OrleansSqliteDatabaseFacadeExtensions
{
    /// <summary>
    /// Gives the next transaction (of SaveChanges, or of the caller) a key of the caller's own: it takes effect once, however often and
    /// from wherever it is tried. If it has taken effect before, it succeeds without applying anything, and
    /// <see cref="WasOperationRepeated"/> says so; keys that SaveChanges was given then are no part of the database.
    /// </summary>
    /// <param name="database">The context's database.</param>
    /// <param name="operationId">The key, 1 to 128 characters.</param>
    public static void UseOperationId(this DatabaseFacade database, string operationId) => Stored(database).OperationId = operationId;

    /// <summary>Whether the newest transaction with an operation id found that it had taken effect before.</summary>
    /// <param name="database">The context's database.</param>
    public static bool WasOperationRepeated(this DatabaseFacade database) => Stored(database).OperationRepeated;

    private static OrleansSqliteConnection Stored(DatabaseFacade database)
    {
        ArgumentNullException.ThrowIfNull(database);
        return database.GetDbConnection() as OrleansSqliteConnection
            ?? throw new InvalidOperationException("The context is not on a stored database: configure it by UseOrleansSqlite.");
    }
}
