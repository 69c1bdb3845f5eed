// EF1001: what the history says in SQLite's words is the provider's own, which is not public. Of it only the lock is replaced.
#pragma warning disable EF1001
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Sqlite.Migrations.Internal;
using Microsoft.EntityFrameworkCore.Storage;

namespace OrleansSqlite.EntityFrameworkCore.Migrations;

/// <summary>
/// The table of the migrations that were applied. It is made by the transaction that applies the first ones, and nobody is locked
/// out: of several instances that migrate at once one commits, and the others run again and find everything done. A lock would
/// stay behind with an instance that died.
/// </summary>
internal sealed class LocklessHistory(HistoryRepositoryDependencies dependencies) : SqliteHistoryRepository(dependencies), IHistoryRepository
{
    /// <summary>The "lock" is taken within the transaction, and ends with it.</summary>
    public override LockReleaseBehavior LockReleaseBehavior => LockReleaseBehavior.Transaction;

    /// <inheritdoc/>
    public override IMigrationsDatabaseLock AcquireDatabaseLock()
    {
        Table().ExecuteNonQuery(Parameters());
        return new NoLock(this);
    }

    /// <inheritdoc/>
    public override async Task<IMigrationsDatabaseLock> AcquireDatabaseLockAsync(CancellationToken cancellationToken = default)
    {
        await Table().ExecuteNonQueryAsync(Parameters(), cancellationToken).ConfigureAwait(false);
        return new NoLock(this);
    }

    // Asked before the transaction begins, in which the table is made.
    bool IHistoryRepository.CreateIfNotExists() => false;

    Task<bool> IHistoryRepository.CreateIfNotExistsAsync(CancellationToken cancellationToken) => Task.FromResult(false);

    private IRelationalCommand Table() => Dependencies.RawSqlCommandBuilder.Build(GetCreateIfNotExistsScript());

    private RelationalCommandParameterObject Parameters() => new(
        Dependencies.Connection, null, null, Dependencies.CurrentContext.Context, Dependencies.CommandLogger, CommandSource.Migrations);

    private sealed class NoLock(IHistoryRepository history) : IMigrationsDatabaseLock
    {
        public IHistoryRepository HistoryRepository => history;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
