using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>The content of a database as lines: schema, settings, sizes and rows, but not where they lie.</summary>
internal static class Dump
{
    public static List<string> Of(SqliteConnection connection)
    {
        List<string> lines = [];
        lines.AddRange(Query(connection, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"));
        lines.AddRange(Query(connection, "PRAGMA user_version"));
        lines.AddRange(Query(connection, "PRAGMA application_id"));
        lines.AddRange(Query(connection, "PRAGMA encoding"));
        lines.AddRange(Query(connection, "PRAGMA auto_vacuum"));
        lines.AddRange(Query(connection, "PRAGMA page_size"));
        lines.AddRange(Query(connection, "PRAGMA page_count"));
        lines.AddRange(Query(connection, "PRAGMA freelist_count"));
        foreach (var (name, type, withoutRowId) in Tables(connection))
        {
            lines.Add($"-- {type} {name}");
            string order = type == "virtual" || !withoutRowId ? "rowid, * FROM \"{0}\" ORDER BY rowid" : "* FROM \"{0}\"";
            lines.AddRange(Query(connection, string.Format(System.Globalization.CultureInfo.InvariantCulture, $"SELECT {order}", name)));
        }

        return lines;
    }

    private static List<(string Name, string Type, bool WithoutRowId)> Tables(SqliteConnection connection) =>
        [.. Direct.Execute(connection, "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') AND name <> 'sqlite_schema' ORDER BY name")
            .Rows.Select(row => (row[0].AsText(), row[1].AsText(), row[2].AsInteger() != 0))];

    private static IEnumerable<string> Query(SqliteConnection connection, string sql) => Direct.Execute(connection, sql).Rows.Select(Lines.Of);
}
