namespace OrleansSqlite.Cli;

/// <summary>
/// Runs what was typed. Each input is a transaction of its own; what stands between BEGIN and COMMIT is gathered and run as one at COMMIT,
/// because a transaction here is one atomic commit to the store and nothing is held open in between.
/// </summary>
internal sealed class BatchRunner(ShellContext context)
{
    private const string DeferForeignKeys = "PRAGMA defer_foreign_keys = ON";

    private List<string>? transaction;
    private bool foreignKeysWait;

    /// <summary>Whether statements are being gathered for a COMMIT.</summary>
    public bool IsInTransaction => transaction is not null;

    public async Task RunAsync(string input, CancellationToken cancellation)
    {
        List<string> batch = [];
        foreach (var statement in SqlText.Statements(input))
        {
            switch (StatementKinds.Of(statement))
            {
                case StatementKind.Begin:
                    Refuse(IsInTransaction, "There is a transaction already.", "End it with COMMIT or ROLLBACK first.");
                    await FlushAsync(batch, cancellation);
                    transaction = [];
                    break;
                case StatementKind.Commit:
                    Refuse(!IsInTransaction, "There is no transaction to commit.", "Begin one with BEGIN; statements outside of one are committed at once.");
                    var gathered = transaction!;
                    transaction = null;
                    await FlushAsync(gathered, cancellation);
                    break;
                case StatementKind.Rollback:
                    Refuse(!IsInTransaction, "There is no transaction to roll back.", "Statements outside of BEGIN and COMMIT are committed at once.");
                    transaction = null;
                    break;
                case StatementKind.ForeignKeys:
                    // A connection's setting has no place here, where each batch may run on another one. What a dump wants
                    // by it is that rows may come before those that they refer to.
                    foreignKeysWait = IsOff(statement);
                    break;
                default:
                    (transaction ?? batch).Add(statement);
                    break;
            }
        }

        await FlushAsync(batch, cancellation);
    }

    /// <summary>Drops an uncommitted transaction, and says whether there was one with anything in it.</summary>
    public bool Drop()
    {
        var dropped = transaction is { Count: > 0 };
        transaction = null;
        return dropped;
    }

    private async Task FlushAsync(List<string> statements, CancellationToken cancellation)
    {
        if (statements is [var only] && StatementKinds.Of(only) == StatementKind.Read && await TryQueryAsync(only, cancellation))
        {
            return;
        }

        if (statements.Count > 0)
        {
            var all = foreignKeysWait ? statements.Prepend(DeferForeignKeys) : statements;
            var batch = new Batch([.. all.Select(Statement.FromString)]);
            statements.Clear();
            Print(await context.Database.ExecuteAsync(batch, cancellation));
        }
    }

    /// <summary>Reads beside the writers and streams the rows. False if the statement writes after all, as WITH … INSERT does.</summary>
    private async Task<bool> TryQueryAsync(string sql, CancellationToken cancellation)
    {
        IRowReader rows;
        try
        {
            rows = await context.Database.QueryAsync(sql, ReadLevel.Strong, cancellation);
        }
        catch (DatabaseException error) when (error.Code == ErrorCodes.ReadOnly)
        {
            return false;
        }

        await using (rows)
        {
            await context.Settings.Writer(context.Terminal).WriteAllAsync(rows, cancellation);
        }

        return true;
    }

    private void Print(BatchResult result)
    {
        foreach (var statement in result.Results.Where(statement => statement.Columns.Count > 0))
        {
            var writer = context.Settings.Writer(context.Terminal);
            writer.Start(result.Version, statement.Columns);
            writer.Write(statement.Rows);
            writer.End();
        }
    }

    private static bool IsOff(string pragma) =>
        pragma.TrimEnd(' ', ';', ')').ToUpperInvariant() is var text
        && (text.EndsWith("OFF", StringComparison.Ordinal) || text.EndsWith("NO", StringComparison.Ordinal)
            || text.EndsWith("FALSE", StringComparison.Ordinal) || text.EndsWith('0'));

    private static void Refuse(bool wrong, string message, string next)
    {
        if (wrong)
        {
            throw new UsageException(message, next);
        }
    }
}
