using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Faults;

/// <summary>Statements on an ordinary connection, shortly.</summary>
internal static class Sql
{
    /// <summary>Runs a statement and gives the number of changed rows.</summary>
    public static int Execute(SqliteConnection connection, string sql, params object[] parameters)
    {
        using var command = Command(connection, sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>The first value of a query.</summary>
    public static long Scalar(SqliteConnection connection, string sql, params object[] parameters)
    {
        using var command = Command(connection, sql, parameters);
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>The rows of a statement as text: columns apart by a bar, rows by a semicolon; then the number of changed rows.</summary>
    public static string Rows(SqliteConnection connection, string sql)
    {
        using var command = Command(connection, sql, []);
        using var reader = command.ExecuteReader();
        List<string> rows = [];
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "NULL" : reader.GetString(i))));
        }

        return $"{string.Join(';', rows)} {reader.RecordsAffected}";
    }

    /// <summary>Writes <c>generate_series(1, n)</c>, which the library lacks, as a recursive query.</summary>
    public static string Series(string sql) => System.Text.RegularExpressions.Regex.Replace(
        sql,
        @"generate_series\(1, (\d+)\)",
        "(WITH RECURSIVE s(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM s WHERE value < $1) SELECT value FROM s)");

    private static SqliteCommand Command(SqliteConnection connection, string sql, object[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < parameters.Length; i++)
        {
            command.Parameters.AddWithValue($"${i + 1}", parameters[i]);
        }

        return command;
    }
}
