using Microsoft.Data.Sqlite;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Reads;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Verification;

/// <summary>Lets SQLite look through a version whose pages are all there: b-trees, chains of overflow and free pages, indexes, constraints.</summary>
internal sealed class LogicalCheck(DatabaseContext context, EngineThreads threads)
{
    private const int MostRows = 20;

    /// <summary>What of <c>PRAGMA integrity_check</c> is about rows that break their constraints: they are stored as they were written.</summary>
    private static readonly string[] OfConstraints = ["NULL value in ", "CHECK constraint failed in ", " value in "];

    /// <summary>Checks.</summary>
    /// <param name="head">The version, as a head.</param>
    /// <param name="cancellation">Interrupts it.</param>
    /// <returns>What is damaged, and what is only worth a note.</returns>
    public async Task<(List<string> Damage, List<string> Notes)> RunAsync(Head head, CancellationToken cancellation)
    {
        var loaded = new HeadReader(context).Load(head, default, null);
        try
        {
            return await threads.RunAsync(() => Run(new ReadSession { Snapshot = loaded.Snapshot }, cancellation)).ConfigureAwait(false);
        }
        finally
        {
            loaded.Snapshot.Release();
        }
    }

    private (List<string> Damage, List<string> Notes) Run(ReadSession session, CancellationToken cancellation)
    {
        List<string> damage = [], notes = [];
        using var connection = Connections.Open(session, context.Options.PageBytes);
        using var interrupt = cancellation.UnsafeRegister(
            static handle => SQLitePCL.raw.sqlite3_interrupt((SQLitePCL.sqlite3)handle!), connection.Handle!);
        Collect(
            session, connection, $"PRAGMA integrity_check({MostRows})", "integrity_check", damage, notes,
            row => row.GetString(0) is var text && text == "ok" ? null : text, cancellation);
        Collect(
            session, connection, "SELECT \"table\", \"parent\", count(*) FROM pragma_foreign_key_check GROUP BY 1, 2", "foreign_key_check", damage, notes,
            row => $"{row.GetInt64(2)} rows of '{row.GetString(0)}' refer to rows of '{row.GetString(1)}' that are not there", cancellation);
        return (damage, notes);
    }

    private void Collect(
        ReadSession session, SqliteConnection connection, string sql, string check, List<string> damage, List<string> notes,
        Func<SqliteDataReader, string?> textOf, CancellationToken cancellation)
    {
        try
        {
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Two constants.
            command.CommandText = sql;
#pragma warning restore CA2100
            using var rows = command.ExecuteReader();
            while (rows.Read())
            {
                if (textOf(rows) is { } text)
                {
                    bool isNote = check == "foreign_key_check" || OfConstraints.Any(part => text.Contains(part, StringComparison.Ordinal));
                    (isNote ? notes : damage).Add($"{check}: {text.Replace("\n", " ", StringComparison.Ordinal)}");
                }
            }
        }
        catch (SqliteException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (SqliteException e) when (session.Failure is null)
        {
            bool isDamage = e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB;
            (isDamage ? damage : notes).Add($"{check} could not run: {e.Message}");
        }
        catch (SqliteException e) when (Transactions.SqliteErrors.Behind(context.Name, e, session.Failure) is DatabaseException behind)
        {
            throw behind;
        }
    }
}
