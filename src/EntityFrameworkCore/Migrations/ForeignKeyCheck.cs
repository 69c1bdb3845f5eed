using Microsoft.EntityFrameworkCore.Storage;
using OrleansSqlite.EntityFrameworkCore.Storage;

namespace OrleansSqlite.EntityFrameworkCore.Migrations;

/// <summary>What was not enforced while tables were rebuilt must hold before it is committed.</summary>
internal static class ForeignKeyCheck
{
    /// <summary>Checks all foreign keys, if those of the connection rest.</summary>
    /// <exception cref="InvalidOperationException">A row refers to one that is not there.</exception>
    public static void Run(IRelationalConnection connection)
    {
        if (connection is not StoredConnection { ForeignKeysRest: true })
        {
            return;
        }

        using var command = connection.DbConnection.CreateCommand();
        command.CommandText = "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT 1";
        using var reader = command.ExecuteReader();
        if (reader.Read())
        {
            throw new InvalidOperationException(
                $"After the migrations the row {reader.GetValue(1)} of '{reader.GetString(0)}' would refer to a row of '{reader.GetString(2)}' that does not exist. "
                + "Nothing was applied. Mend the data, in the migration or before it, and migrate again.");
        }
    }
}
