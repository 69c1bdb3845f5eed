using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>What there is to write statements about: read from the plain database before each step.</summary>
internal sealed class Catalogue
{
    public List<Table> Tables { get; } = [];

    public List<string> Views { get; } = [];

    public List<string> Indexes { get; } = [];

    public List<string> Triggers { get; } = [];

    /// <summary>Whether there is, or was, a table with AUTOINCREMENT.</summary>
    public bool HasSequence { get; private init; }

    public static Catalogue Read(SqliteConnection connection)
    {
        var catalogue = new Catalogue { HasSequence = connection.Rows("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").Length > 0 };
        foreach (var row in Direct.Execute(connection, "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name <> 'seq' ORDER BY name").Rows)
        {
            string name = row[0].AsText();
            switch (row[1].AsText())
            {
                case "view":
                    catalogue.Views.Add(name);
                    break;
                case "table" or "virtual":
                    catalogue.Tables.Add(new Table(name, ModuleOf(connection, name), row[2].AsInteger() != 0, ColumnsOf(connection, name)));
                    break;
            }
        }

        foreach (var row in Direct.Execute(connection, "SELECT type, name FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY name").Rows)
        {
            (row[0].AsText() == "index" ? catalogue.Indexes : catalogue.Triggers).Add(row[1].AsText());
        }

        return catalogue;
    }

    private static string? ModuleOf(SqliteConnection connection, string table)
    {
        string sql = Direct.Execute(connection, new Statement("SELECT sql FROM sqlite_schema WHERE name = ?", table)).Rows[0][0].AsText();
        return sql.Contains("USING fts5", StringComparison.Ordinal) ? "fts5" : sql.Contains("USING rtree", StringComparison.Ordinal) ? "rtree" : null;
    }

    private static List<TableColumn> ColumnsOf(SqliteConnection connection, string table) =>
        [.. Direct.Execute(connection, new Statement("SELECT name, type, pk, hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1", table)).Rows
            .Select(row => new TableColumn(row[0].AsText(), row[1].AsText(), row[2].AsInteger() != 0, row[3].AsInteger() != 0))];
}

/// <param name="Name">Its name.</param>
/// <param name="Module">What implements it, if it is a virtual table.</param>
/// <param name="WithoutRowId">Whether it is WITHOUT ROWID.</param>
/// <param name="Columns">Its columns.</param>
internal sealed record Table(string Name, string? Module, bool WithoutRowId, IReadOnlyList<TableColumn> Columns)
{
    public bool IsVirtual => Module is not null;

    /// <summary>The columns that can be written.</summary>
    public IReadOnlyList<TableColumn> Writable { get; } = [.. Columns.Where(column => !column.IsGenerated)];
}

internal sealed record TableColumn(string Name, string Type, bool IsKey, bool IsGenerated);
