using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Data;

namespace OrleansSqlite;

/// <summary>
/// Commands that are sent together. Outside of a transaction they are one: all of them take effect, or none, in one swap, and their
/// results are given out after it; so a lost race is never seen. Within a transaction they are a part of it.
/// </summary>
public sealed class OrleansSqliteBatch : DbBatch
{
    private readonly OrleansSqliteBatchCommandCollection commands = new();

    /// <inheritdoc/>
    public override int Timeout { get; set; } = 30;

    /// <summary>The commands, in the order in which they run.</summary>
    public new OrleansSqliteBatchCommandCollection BatchCommands => commands;

    /// <summary>The connection.</summary>
    public new OrleansSqliteConnection? Connection { get; set; }

    /// <summary>The transaction that it is part of, if there is one.</summary>
    public new SqliteTransaction? Transaction { get; set; }

    /// <inheritdoc/>
    protected override DbBatchCommandCollection DbBatchCommands => commands;

    /// <inheritdoc/>
    protected override DbConnection? DbConnection
    {
        get => Connection;
        set => Connection = (OrleansSqliteConnection?)value;
    }

    /// <inheritdoc/>
    protected override DbTransaction? DbTransaction
    {
        get => Transaction;
        set => Transaction = (SqliteTransaction?)value;
    }

    /// <inheritdoc/>
    public override int ExecuteNonQuery()
    {
        _ = Execute();
        var counted = commands.Cast<OrleansSqliteBatchCommand>().Where(command => command.RecordsAffected >= 0);
        return counted.Any() ? counted.Sum(command => command.RecordsAffected) : -1;
    }

    /// <inheritdoc/>
    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(ExecuteNonQuery());
    }

    /// <inheritdoc/>
    public override object? ExecuteScalar() => Execute() is [{ Rows: [[var first, ..], ..] }, ..] ? first : null;

    /// <inheritdoc/>
    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(ExecuteScalar());
    }

    /// <summary>Compiling is left to the execution: the commands need not be valid before those in front of them have run.</summary>
    public override void Prepare()
    {
    }

    /// <inheritdoc/>
    public override Task PrepareAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    /// <summary>Interrupts the statement that runs.</summary>
    public override void Cancel() => Connection?.Execution?.Interrupt();

    /// <inheritdoc/>
    protected override DbBatchCommand CreateDbBatchCommand() => new OrleansSqliteBatchCommand();

    /// <inheritdoc/>
    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => BufferedRows.Give(Execute(), Connection!, Transaction, behavior);

    /// <inheritdoc/>
    protected override Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(ExecuteDbDataReader(behavior));
    }

    private List<BufferedResult> Execute()
    {
        if (Connection is not { Execution: { } execution } connection)
        {
            throw new InvalidOperationException("The batch needs an open connection.");
        }

        if (Transaction is not null || execution.InTransaction)
        {
            return Run(connection);
        }

        // Nothing is told before it is committed: so it can be run again from its beginning, whatever has changed.
        var bound = execution.RetryBound();
        while (true)
        {
            try
            {
                using var transaction = connection.BeginTransaction();
                Transaction = transaction;
                var results = Run(connection);
                transaction.Commit();
                return results;
            }
            catch (OrleansSqliteException e) when (e.Kind == ErrorKind.Conflict && bound.MayTryAgain())
            {
            }
            finally
            {
                Transaction = null;
            }
        }
    }

    private List<BufferedResult> Run(OrleansSqliteConnection connection)
    {
        List<BufferedResult> results = [];
        foreach (OrleansSqliteBatchCommand part in commands)
        {
            using var command = new OrleansSqliteCommand(part.CommandText, connection, Transaction) { CommandTimeout = Timeout };
            foreach (SqliteParameter parameter in part.Parameters)
            {
                command.Parameters.Add(parameter);
            }

            using var reader = command.ExecuteReader();
            BufferedRows.ReadAll(reader, results);
            reader.Dispose();
            part.Executed(reader.RecordsAffected);
        }

        return results;
    }
}
