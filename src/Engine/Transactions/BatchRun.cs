using OrleansSqlite.Commit;

namespace OrleansSqlite.Transactions;

/// <summary>Runs the statements of a batch within a transaction that somebody has begun, once for its operation id if it has one.</summary>
internal static class BatchRun
{
    /// <summary>Runs them.</summary>
    /// <param name="runner">The connection, in a transaction.</param>
    /// <param name="connection">What it belongs to.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="results">Receives the results.</param>
    /// <param name="cancellation">Ends it between two statements.</param>
    /// <returns>The write that took effect under the same operation id before: then nothing ran now.</returns>
    public static OperationLog.Entry? Run(
        StatementRunner runner, WriteConnection connection, Batch batch, List<StatementResult> results, CancellationToken cancellation)
    {
        if (batch.OperationId is not null && OperationLog.TryFind(runner, batch, out var earlier))
        {
            return earlier;
        }

        // After the look-up: what took effect once is answered, whatever the version is by now.
        CheckVersion(batch, connection);
        runner.CountFromZero();
        RunStatements(runner, batch, results, isVacuum: false, cancellation);
        if (batch.OperationId is not null)
        {
            OperationLog.Record(runner, connection, batch, results);
        }

        return null;
    }

    /// <summary>Refuses a batch that was meant for another version.</summary>
    public static void CheckVersion(Batch batch, WriteConnection connection)
    {
        if (batch.ExpectedVersion is { } expected && (expected != connection.NextVersion - 1 || !connection.OnDurable))
        {
            throw new DatabaseException(
                ErrorKind.Conflict,
                ErrorCodes.VersionMismatch,
                $"The batch was meant for version {expected} of '{connection.Context.Name}', which is at {connection.NextVersion - 1}. Read again and decide anew.")
            {
                Database = connection.Context.Name,
                Version = connection.NextVersion - 1,
            };
        }
    }

    /// <summary>Runs statement by statement.</summary>
    public static void RunStatements(StatementRunner runner, Batch batch, List<StatementResult> results, bool isVacuum, CancellationToken cancellation)
    {
        for (int i = 0; i < batch.Statements.Count; i++)
        {
            // An interrupt is lost on a connection at rest: one that came between two statements is noticed here.
            cancellation.ThrowIfCancellationRequested();
            try
            {
                bool isLast = i == batch.Statements.Count - 1;
                if (isVacuum && !isLast)
                {
                    // The settings wait on the connection for the VACUUM. By itself, one of an empty database would commit.
                    runner.Command("BEGIN");
                    runner.Run(batch.Statements[i], results);
                    runner.Command("ROLLBACK");
                }
                else
                {
                    runner.Run(batch.Statements[i], results, isVacuum);
                }
            }
            catch (DatabaseException e) when (e.Statement is null && batch.Statements.Count > 1)
            {
                throw new DatabaseException(e.Kind, e.Code, $"Statement {i + 1} of {batch.Statements.Count}: {e.Message}", e)
                {
                    Database = e.Database,
                    Object = e.Object,
                    SqliteCode = e.SqliteCode,
                    Statement = i,
                };
            }
        }
    }
}
