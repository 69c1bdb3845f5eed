using OrleansSqlite.Vfs;
using SQLitePCL;

namespace OrleansSqlite.Transactions;

/// <summary>
/// What SQL is told by <c>changes()</c>, <c>total_changes()</c> and <c>last_insert_rowid()</c> on a connection that serves one transaction
/// after another. SQLite counts on over all of them, which would show each caller what others did and make a transaction that runs
/// again see something else. It can reset the last rowid alone, so the other two are functions of the engine's own.
/// </summary>
internal sealed class ChangeCounts
{
    private const int Flags = raw.SQLITE_UTF8 | Innocuous;

    /// <summary>As SQLite's own ones: allowed in triggers and views, whatever the schema is trusted with.</summary>
    private const int Innocuous = 0x200000;

    private readonly sqlite3 handle;
    private int before;

    public ChangeCounts(sqlite3 handle)
    {
        this.handle = handle;
        _ = raw.sqlite3_create_function(handle, "changes", 0, Flags, null, (context, _, _) => raw.sqlite3_result_int64(context, Last));
        _ = raw.sqlite3_create_function(handle, "total_changes", 0, Flags, null, (context, _, _) => raw.sqlite3_result_int64(context, Total));
    }

    /// <summary>The next transaction begins: counts from zero.</summary>
    public void Begin()
    {
        before = raw.sqlite3_total_changes(handle);
        Native.SetLastInsertRowId(handle, 0);
    }

    private int Total => unchecked(raw.sqlite3_total_changes(handle) - before);

    /// <summary>As long as nothing was changed since then, SQLite's own value is of an earlier transaction.</summary>
    private int Last => Total == 0 ? 0 : raw.sqlite3_changes(handle);
}
