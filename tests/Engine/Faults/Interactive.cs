using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Faults;

/// <summary>
/// The writes of a <see cref="Workload"/> as transactions of an ADO.NET connection: what was read is taken to the caller, and written back.
/// They hold a thread, so each has one of its own.
/// </summary>
internal static class Interactive
{
    /// <summary>How often a conflict is answered by beginning again.</summary>
    private const int Attempts = 8;

    /// <summary>Runs a transaction on a connection of that process until it is committed, or refused, or in doubt.</summary>
    /// <param name="process">The process.</param>
    /// <param name="operationId">Its operation id, if it has one.</param>
    /// <param name="work">What it does; gives what its caller was told.</param>
    /// <returns>The version that carries it; and what was told, which is nothing if it had taken effect before.</returns>
    /// <exception cref="DatabaseException">What the connection raised.</exception>
    public static Task<(long Version, string Told)> RunAsync(Process process, string? operationId, Func<OrleansSqliteConnection, string> work) =>
        Task.Factory.StartNew(
            () =>
            {
                using var source = OrleansSqliteDataSource.Create(process.Engine, $"Data Source={Scene.Name}");
                using var connection = source.CreateConnection();
                try
                {
                    connection.Open();
                    return Run(connection, operationId, work);
                }
                catch (SqliteException e)
                {
                    throw DataErrors.Classify(e, connection);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

    private static (long Version, string Told) Run(OrleansSqliteConnection connection, string? operationId, Func<OrleansSqliteConnection, string> work)
    {
        for (int attempt = 1; ; attempt++)
        {
            connection.OperationId = operationId;
            using var transaction = connection.BeginTransaction(deferred: attempt % 2 == 0);
            try
            {
                string told = work(connection);
                transaction.Commit();
                return connection.OperationRepeated ? (connection.OperationVersion!.Value, "") : (connection.CommitVersion!.Value, told);
            }
            catch (OrleansSqliteException e) when (e.Kind == ErrorKind.Conflict && attempt < Attempts)
            {
                // Nothing was applied, and what was read is no longer so.
            }
        }
    }

    /// <summary>Takes money that it has seen to be there.</summary>
    public static string Transfer(SqliteConnection connection, string marker, int source, int target, int amount)
    {
        long balance = Sql.Scalar(connection, "SELECT balance FROM account WHERE id = $1", source);
        Sql.Execute(connection, "UPDATE account SET balance = $1 WHERE id = $2", balance - amount, source);
        Sql.Execute(connection, "SAVEPOINT thought; UPDATE account SET balance = 0; ROLLBACK TO thought; RELEASE thought");
        Sql.Execute(connection, "UPDATE account SET balance = balance + $1 WHERE id = $2", amount, target);
        Sql.Execute(connection, "INSERT INTO transfer VALUES ($1, $2, $3, $4)", marker, source, target, amount);
        return "";
    }

    /// <summary>Counts, and notes the number that it was told.</summary>
    public static string Count(SqliteConnection connection, string marker, int counter)
    {
        long n = Sql.Scalar(connection, "UPDATE counter SET n = n + 1 WHERE id = $1 RETURNING n", counter);
        Sql.Execute(connection, "INSERT INTO counted VALUES ($1, $2, $3)", marker, counter, n);
        return n.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Reads a counter and writes one more: the classic lost update, if it were not noticed.</summary>
    public static string Recount(SqliteConnection connection, string marker, int counter)
    {
        long n = Sql.Scalar(connection, "SELECT n FROM counter WHERE id = $1", counter) + 1;
        Sql.Execute(connection, "UPDATE counter SET n = $1 WHERE id = $2", n, counter);
        Sql.Execute(connection, "INSERT INTO counted VALUES ($1, $2, $3)", marker, counter, n);
        return n.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Asks for the id that the database gave.</summary>
    public static string Issue(SqliteConnection connection, string marker)
    {
        Sql.Execute(connection, "INSERT INTO issued(marker) VALUES ($1)", marker);
        return Sql.Scalar(connection, "SELECT last_insert_rowid()").ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Looks whether a name is free, and takes it.</summary>
    public static string Claim(SqliteConnection connection, string marker, string name)
    {
        _ = Sql.Scalar(connection, "SELECT count(*) FROM claim WHERE name = $1", name);
        Sql.Execute(connection, "INSERT INTO claim VALUES ($1, $2)", name, marker);
        return name;
    }

    /// <summary>Writes a long blob in two rows.</summary>
    public static string Bulk(SqliteConnection connection, string marker, int bytes)
    {
        byte[] body = new byte[bytes];
        body.AsSpan().Fill((byte)bytes);
        Sql.Execute(connection, "INSERT INTO bulk(marker, body) VALUES ($1, $2), ($1, zeroblob(100))", marker, body);
        return "";
    }
}
