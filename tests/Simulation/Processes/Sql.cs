using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Simulation.Processes;

/// <summary>Statements on a connection, as a closure runs them.</summary>
internal static class Sql
{
    /// <summary>Runs a statement with the parameters $1, $2, …</summary>
    public static void Run(this SqliteConnection connection, string sql, params object[] parameters)
    {
        using var command = Command(connection, sql, parameters);
        command.ExecuteNonQuery();
    }

    /// <summary>The only value of a query; null if there is no row.</summary>
    public static object? Value(this SqliteConnection connection, string sql, params object[] parameters)
    {
        using var command = Command(connection, sql, parameters);
        return command.ExecuteScalar();
    }

    /// <summary>The only number of a query.</summary>
    public static long Number(this SqliteConnection connection, string sql, params object[] parameters) =>
        Convert.ToInt64(connection.Value(sql, parameters), CultureInfo.InvariantCulture);

    private static SqliteCommand Command(SqliteConnection connection, string sql, object[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < parameters.Length; i++)
        {
            command.Parameters.AddWithValue(string.Create(CultureInfo.InvariantCulture, $"${i + 1}"), parameters[i]);
        }

        return command;
    }
}
