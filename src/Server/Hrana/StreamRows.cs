using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansSqlite.Server.Hrana;

/// <summary>Columns and rows of SQLite as the protocol has them.</summary>
internal static class StreamRows
{
    /// <summary>The columns of what a command gives.</summary>
    public static HranaColumn[] Columns(SqliteDataReader reader) => reader.FieldCount == 0 ? [] : Columns(reader.Handle!);

    /// <summary>The columns of a compiled statement.</summary>
    public static HranaColumn[] Columns(sqlite3_stmt statement) =>
    [
        .. Enumerable.Range(0, raw.sqlite3_column_count(statement)).Select(i => new HranaColumn(
            raw.sqlite3_column_name(statement, i).utf8_to_string(), raw.sqlite3_column_decltype(statement, i).utf8_to_string())),
    ];

    /// <summary>The row that a reader stands on.</summary>
    public static SqlValue[] Values(SqliteDataReader reader, int columns)
    {
        var values = new SqlValue[columns];
        for (int i = 0; i < columns; i++)
        {
            values[i] = SqlValue.FromObject(reader.GetValue(i));
        }

        return values;
    }
}
