using Microsoft.Data.Sqlite;
using OrleansSqlite.Transactions;
using SQLitePCL;

namespace OrleansSqlite.Data;

/// <summary>Operation ids of interactive transactions, in the same table as those of batches.</summary>
internal static class Operation
{
    /// <summary>The longest id, in characters.</summary>
    public const int MaxIdLength = 128;

    /// <summary>
    /// Before COMMIT: records the id as part of the transaction. If it is there already, undoes what the transaction did; what is
    /// committed then is nothing.
    /// </summary>
    public static (bool Repeated, long Version) Record(EngineDatabase database, Execution execution, DataSession session, sqlite3 handle, string id)
    {
        string quoted = "'" + id.Replace("'", "''", StringComparison.Ordinal) + "'";
        if (Find(execution, handle, quoted) is { } earlier)
        {
            execution.Command("ROLLBACK");
            execution.Command("BEGIN IMMEDIATE");
            return (true, earlier);
        }

        long version = session.NextVersion;
        var clock = database.Context.StoreClock;
        long oldest = clock.EarliestMs() - (long)database.Context.Options.OperationRetention.TotalMilliseconds;
        long rowId = TraceNative.LastInsertRowId(handle.DangerousGetHandle());
        foreach (string sql in OperationLog.Schema)
        {
            execution.Command(sql);
        }

        execution.Command(OperationLog.Prune(oldest));

        // Its digest is none of a batch: a batch of the same id is refused, as another write.
        execution.Command($"INSERT INTO {OperationLog.Table} VALUES ({quoted}, {version}, {clock.LatestMs()}, X'', NULL)");
        Vfs.Native.SetLastInsertRowId(handle, rowId);
        session.ExactVersion = version;
        return (false, version);
    }

    private static long? Find(Execution execution, sqlite3 handle, string quoted)
    {
        if (Scalar(execution, handle, $"SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '{OperationLog.Table}'") is null)
        {
            return null;
        }

        return Scalar(execution, handle, $"SELECT version FROM {OperationLog.Table} WHERE id = {quoted}");
    }

    private static long? Scalar(Execution execution, sqlite3 handle, string sql)
    {
        execution.Recorder.IsSuspended = true;
        try
        {
            int code = raw.sqlite3_prepare_v2(handle, sql, out var statement);
            SqliteException.ThrowExceptionForRC(code, handle);
            using (statement)
            {
                code = raw.sqlite3_step(statement);
                if (code is not (raw.SQLITE_ROW or raw.SQLITE_DONE))
                {
                    SqliteException.ThrowExceptionForRC(code, handle);
                }

                return code == raw.SQLITE_ROW ? raw.sqlite3_column_int64(statement, 0) : null;
            }
        }
        finally
        {
            execution.Recorder.IsSuspended = false;
        }
    }
}
