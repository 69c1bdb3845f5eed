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
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = name,
            Vfs = StoreVfs.Name,
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            var handle = connection.Handle!;

            // MEMORY, not OFF: OFF breaks the abort of a statement and ROLLBACK TO. mmap_size turns xFetch on: reads without a copy.
            Run(handle, $"PRAGMA journal_mode=MEMORY; PRAGMA mmap_size=2147418112; PRAGMA page_size={pageBytes};");

            // Keeps SQL from damaging the file on purpose: no writable schema, no writes to shadow tables, no journal mode OFF.
            _ = raw.sqlite3_db_config(handle, ConfigDefensive, 1, out _);
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

    private static void Run(sqlite3 handle, string sql)
    {
        int code = raw.sqlite3_exec(handle, sql);
        SqliteException.ThrowExceptionForRC(code, handle);
    }
}
