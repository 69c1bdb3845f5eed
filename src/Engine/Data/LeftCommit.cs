using System.Data;
using System.Globalization;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Combining;
using OrleansSqlite.Format;
using OrleansSqlite.Transactions;
using SQLitePCL;

namespace OrleansSqlite.Data;

/// <summary>A commit of a connection that is left to others: waits until one of them has carried it, and tells what came of it.</summary>
internal static class LeftCommit
{
    /// <summary>Leaves it, and waits on the caller's thread.</summary>
    /// <returns>Null if it could not be left, or has come back: it runs here then, and meets its own errors.</returns>
    /// <exception cref="OrleansSqliteException">It was given up, or nobody knows.</exception>
    public static BatchResult? Wait(EngineDatabase database, ToldWrite write, (Batch Batch, Telling Telling) left)
    {
        if (!database.Leaving.TryLeave(write, left.Batch, left.Telling))
        {
            return null;
        }

        try
        {
            return write.Done.GetAwaiter().GetResult();
        }
        catch (DatabaseException e) when (e.Kind == ErrorKind.Invalid)
        {
            // It has changed nothing.
            return null;
        }
    }

    /// <summary>What a statement by itself gave, as the connection would have given it.</summary>
    public static SqliteDataReader Tell(Execution execution, OrleansSqliteCommand command, CommandBehavior behavior, StatementResult result)
    {
        command.CarriedChanges = (int)result.Changes;
        var handle = execution.Connection.Handle!;
        execution.Aside(() =>
        {
            if (raw.sqlite3_changes(handle) != result.Changes)
            {
                Change(handle, result.Changes);
            }

            if (result.LastInsertRowId != 0)
            {
                Vfs.Native.SetLastInsertRowId(handle, result.LastInsertRowId);
            }
        });
        string[] names = [.. result.Columns.Select(static column => column.Name)];
        return BufferedRows.Give(
            [names.Length == 0 ? new BufferedResult(["changes"], []) : new BufferedResult(names, [.. result.Rows.Select(ToObjects)])], execution.Connection, null, behavior);
    }

    private static object[] ToObjects(IReadOnlyList<SqlValue> row) => [.. row.Select(static value => value.ToObject() ?? DBNull.Value)];

    /// <summary>Lets <c>changes()</c> give that number: by as many changes of something that is gone afterwards.</summary>
    private static void Change(sqlite3 handle, long count)
    {
        long rowId = raw.sqlite3_last_insert_rowid(handle);
        string sql = string.Create(CultureInfo.InvariantCulture, $"""
            CREATE TEMP TABLE orleans_sqlite_changes(v);
            WITH n(i) AS (SELECT 1 WHERE {count} > 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) INSERT INTO temp.orleans_sqlite_changes SELECT NULL FROM n;
            DROP TABLE temp.orleans_sqlite_changes
            """);
        SqliteException.ThrowExceptionForRC(raw.sqlite3_exec(handle, sql), handle);
        Vfs.Native.SetLastInsertRowId(handle, rowId);
    }
}
