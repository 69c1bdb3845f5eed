using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Storage;
using OrleansSqlite.EntityFrameworkCore.Storage;

namespace OrleansSqlite.EntityFrameworkCore.Migrations;

/// <summary>
/// Executes the commands of migrations within one transaction, and never commits that of its caller: all migrations are one commit.
/// </summary>
internal sealed class OneCommitExecutor(IExecutionStrategy strategy) : IMigrationCommandExecutor
{
    /// <inheritdoc/>
    public void ExecuteNonQuery(IEnumerable<MigrationCommand> migrationCommands, IRelationalConnection connection) =>
        ExecuteNonQuery([.. migrationCommands], connection, new MigrationExecutionState(), commitTransaction: true);

    /// <inheritdoc/>
    public int ExecuteNonQuery(
        IReadOnlyList<MigrationCommand> migrationCommands,
        IRelationalConnection connection,
        MigrationExecutionState executionState,
        bool commitTransaction,
        IsolationLevel? isolationLevel = null)
    {
        if (connection.CurrentTransaction is { } outer)
        {
            return Execute(migrationCommands, connection, executionState, outer);
        }

        return strategy.Execute(
            () =>
            {
                using var transaction = connection.BeginTransaction();
                int result = Execute(migrationCommands, connection, executionState, transaction);
                transaction.Commit();
                return result;
            });
    }

    /// <inheritdoc/>
    public Task ExecuteNonQueryAsync(
        IEnumerable<MigrationCommand> migrationCommands, IRelationalConnection connection, CancellationToken cancellationToken = default) =>
        ExecuteNonQueryAsync([.. migrationCommands], connection, new MigrationExecutionState(), commitTransaction: true, cancellationToken: cancellationToken);

    /// <inheritdoc/>
    public async Task<int> ExecuteNonQueryAsync(
        IReadOnlyList<MigrationCommand> migrationCommands,
        IRelationalConnection connection,
        MigrationExecutionState executionState,
        bool commitTransaction,
        IsolationLevel? isolationLevel = null,
        CancellationToken cancellationToken = default)
    {
        if (connection.CurrentTransaction is { } outer)
        {
            return await ExecuteAsync(migrationCommands, connection, executionState, outer, cancellationToken).ConfigureAwait(false);
        }

        return await strategy.ExecuteAsync(
            async cancellation =>
            {
                await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
                int result = await ExecuteAsync(migrationCommands, connection, executionState, transaction, cancellation).ConfigureAwait(false);
                await transaction.CommitAsync(cancellation).ConfigureAwait(false);
                return result;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static int Execute(
        IReadOnlyList<MigrationCommand> commands, IRelationalConnection connection, MigrationExecutionState state, IDbContextTransaction transaction)
    {
        int result = 0;
        foreach (var command in commands)
        {
            Note(state, transaction);
            result = command.ExecuteNonQuery(connection);
        }

        ForeignKeyCheck.Run(connection);
        return result;
    }

    private static async Task<int> ExecuteAsync(
        IReadOnlyList<MigrationCommand> commands,
        IRelationalConnection connection,
        MigrationExecutionState state,
        IDbContextTransaction transaction,
        CancellationToken cancellation)
    {
        int result = 0;
        foreach (var command in commands)
        {
            Note(state, transaction);
            result = await command.ExecuteNonQueryAsync(connection, cancellationToken: cancellation).ConfigureAwait(false);
        }

        ForeignKeyCheck.Run(connection);
        return result;
    }

    private static void Note(MigrationExecutionState state, IDbContextTransaction transaction)
    {
        state.AnyOperationPerformed = true;
        if (transaction is SettledTransaction settled)
        {
            settled.ChangesSchema = true;
        }
    }
}
