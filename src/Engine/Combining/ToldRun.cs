using OrleansSqlite.Data;
using OrleansSqlite.Format;
using OrleansSqlite.Transactions;
using OrleansSqlite.Vfs;
using SQLitePCL;

namespace OrleansSqlite.Combining;

/// <summary>
/// Runs a transaction whose caller has been told already what its statements gave, on a newer state and in another process: it may be committed if they
/// give the same again, as it may where it runs again at home.
/// </summary>
internal static class ToldRun
{
    /// <summary>Runs it within a transaction that was begun.</summary>
    /// <param name="runner">The connection, in the transaction.</param>
    /// <param name="batch">What it does.</param>
    /// <param name="telling">What its caller was told.</param>
    /// <param name="cancellation">Ends it between two statements.</param>
    /// <returns>Null if it told the same; else what not, and then the transaction is to be undone.</returns>
    public static string? Run(StatementRunner runner, Batch batch, Telling telling, CancellationToken cancellation)
    {
        runner.CountFromZero();
        Native.SetLastInsertRowId(runner.Handle, telling.LastInsertRowId);
        for (int i = 0; i < telling.Statements.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Tell(runner, batch.Statements[i], telling, telling.Statements[i]) != telling.Statements[i])
            {
                return $"statement {i + 1} would tell its caller something else";
            }

            if (!runner.InTransaction)
            {
                return $"statement {i + 1} ended its transaction";
            }
        }

        return null;
    }

    /// <summary>Runs one statement, and says what it told.</summary>
    private static Told Tell(StatementRunner runner, Statement statement, Telling telling, in Told expected)
    {
        var content = new RunningDigest(telling.Key);
        bool isError = expected.Error is not null;
        try
        {
            if (runner.Begin(statement) is not { } compiled)
            {
                return default;
            }

            try
            {
                return Step(runner, compiled, telling, expected, content);
            }
            finally
            {
                runner.EndQuery(statement, compiled);
            }
        }
        catch (DatabaseException e) when (e.Code == ErrorCodes.Sql && isError)
        {
            // As the provider's exception puts it. Of a statement that fails, its caller is told nothing else.
            return new Told(0, true, 0, 0, content.State, $"{e.SqliteCode}: SQLite Error {e.SqliteCode & 0xFF}: '{e.Message}'.");
        }
    }

    private static Told Step(StatementRunner runner, sqlite3_stmt compiled, Telling telling, in Told expected, RunningDigest content)
    {
        var handle = runner.Handle;
        nint statement = compiled.DangerousGetHandle();
        var empty = content;
        long rows = 0;
        int before = raw.sqlite3_total_changes(handle);
        int code = raw.SQLITE_ROW;
        while ((expected.IsDone || rows < expected.Rows) && (code = raw.sqlite3_step(compiled)) == raw.SQLITE_ROW)
        {
            rows++;
            DigestedRow.Add(statement, ref content);
        }

        if (code is not (raw.SQLITE_DONE or raw.SQLITE_ROW))
        {
            throw runner.Failed(raw.sqlite3_reset(compiled));
        }

        int columns = raw.sqlite3_column_count(compiled);
        if (columns > 0)
        {
            DigestedRow.AddNames(statement, columns, ref empty);
            content.Add(empty);
        }

        // What it has changed is counted once it is at rest.
        _ = raw.sqlite3_reset(compiled);
        bool isReadOnly = raw.sqlite3_stmt_readonly(compiled) != 0;
        long changes = isReadOnly || raw.sqlite3_total_changes(handle) == before ? 0 : raw.sqlite3_changes(handle);
        return new Told(rows, code == raw.SQLITE_DONE, changes, telling.TellsRowIds && !isReadOnly ? raw.sqlite3_last_insert_rowid(handle) : 0, content.State, null);
    }
}
