using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>SQL in one line, straight on SQLite's interface: no retries, no hidden statements.</summary>
internal static class Sql
{
    /// <summary>Runs statements.</summary>
    /// <exception cref="SqliteException">With SQLite's own code.</exception>
    public static void Run(this SqliteConnection connection, string sql) =>
        SqliteException.ThrowExceptionForRC(raw.sqlite3_exec(connection.Handle, sql), connection.Handle);

    /// <summary>Runs statements and gives the extended code.</summary>
    public static int Try(this SqliteConnection connection, string sql) =>
        raw.sqlite3_exec(connection.Handle, sql) == raw.SQLITE_OK ? raw.SQLITE_OK : raw.sqlite3_extended_errcode(connection.Handle);

    /// <summary>All rows of a query, their values joined by a bar.</summary>
    public static string[] Rows(this SqliteConnection connection, string sql)
    {
        using var cursor = new Cursor(connection, sql);
        List<string> rows = [];
        while (cursor.Next() is { } row)
        {
            rows.Add(row);
        }

        return [.. rows];
    }

    /// <summary>The first value of a query.</summary>
    public static string One(this SqliteConnection connection, string sql) => connection.Rows(sql)[0];

    /// <summary>The first value of a query, as a number.</summary>
    public static long Number(this SqliteConnection connection, string sql) => long.Parse(connection.One(sql), CultureInfo.InvariantCulture);

    /// <summary>Whether a transaction is open.</summary>
    public static bool InTransaction(this SqliteConnection connection) => raw.sqlite3_get_autocommit(connection.Handle) == 0;

    /// <summary>One of SQLite's counters (sqlite3_db_status), and resets it.</summary>
    public static int Status(this SqliteConnection connection, int counter)
    {
        raw.sqlite3_db_status(connection.Handle, counter, out int current, out _, 1);
        return current;
    }

    /// <summary>SQLite finds nothing wrong.</summary>
    public static void AssertSound(this SqliteConnection connection) => Assert.Equal(["ok"], connection.Rows("PRAGMA integrity_check"));
}

/// <summary>A query under way.</summary>
internal sealed class Cursor : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly sqlite3_stmt statement;

    public Cursor(SqliteConnection connection, string sql)
    {
        this.connection = connection;
        int code = raw.sqlite3_prepare_v2(connection.Handle, sql, out statement);
        SqliteException.ThrowExceptionForRC(code, connection.Handle);
    }

    /// <summary>The next row, or null at the end.</summary>
    public string? Next()
    {
        int code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_DONE)
        {
            return null;
        }

        if (code != raw.SQLITE_ROW)
        {
            SqliteException.ThrowExceptionForRC(raw.sqlite3_reset(statement), connection.Handle);
        }

        string?[] values = new string?[raw.sqlite3_column_count(statement)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = raw.sqlite3_column_type(statement, i) == raw.SQLITE_NULL ? "NULL" : raw.sqlite3_column_text(statement, i).utf8_to_string();
        }

        return string.Join('|', values);
    }

    public void Dispose() => statement.Dispose();
}
