using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansSqlite.Vfs;

/// <summary>Opens connections on a session and sets them up.</summary>
internal static class Connections
{
    private const int ConfigDefensive = 1010;

    /// <summary>Opens a connection.</summary>
    /// <param name="session">What its database file stands on.</param>
    /// <param name="pageBytes">The page size, should it write the first page of the database.</param>
    public static SqliteConnection Open(Session session, int pageBytes)
    {
        string name = StoreVfs.Announce(session);
        var connection = new SqliteConnection(ConnectionString(name, new SqliteConnectionStringBuilder()));
        try
        {
            connection.Open();
            SetUp(connection.Handle!, pageBytes);
            return connection;
        }
        catch (Exception e)
        {
            StoreVfs.Withdraw(name);
            connection.Dispose();
            if (e is SqliteException && session.Failure is { } cause)
            {
                // SQLite has only a code for it.
                throw cause;
            }

            throw;
        }
    }

    /// <summary>The connection string that opens an announced file.</summary>
    /// <param name="name">What <see cref="StoreVfs.Announce"/> gave.</param>
    /// <param name="settings">Further settings.</param>
    public static string ConnectionString(string name, SqliteConnectionStringBuilder settings)
    {
        settings.DataSource = name;
        settings.Vfs = StoreVfs.Name;
        settings.Pooling = false;
        return settings.ToString();
    }

    /// <summary>Sets an opened connection up.</summary>
    /// <param name="handle">The connection.</param>
    /// <param name="pageBytes">The page size, should it write the first page of the database.</param>
    public static void SetUp(sqlite3 handle, int pageBytes)
    {
        // MEMORY, not OFF: OFF breaks the abort of a statement and ROLLBACK TO. mmap_size turns xFetch on: reads without a copy.
        Run(handle, $"PRAGMA journal_mode=MEMORY; PRAGMA mmap_size=2147418112; PRAGMA page_size={pageBytes};");

        // Keeps SQL from damaging the file on purpose: no writable schema, no writes to shadow tables, no journal mode OFF.
        _ = raw.sqlite3_db_config(handle, ConfigDefensive, 1, out _);
        TouchedTables.Watch(handle);
    }

    private static void Run(sqlite3 handle, string sql)
    {
        int code = raw.sqlite3_exec(handle, sql);
        SqliteException.ThrowExceptionForRC(code, handle);
    }
}
