using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>What there is to write statements about: read from the plain database before each step.</summary>
internal sealed class Catalogue
{
    public List<Table> Tables { get; } = [];

    public List<string> Views { get; } = [];

    public List<string> Indexes { get; } = [];

    public List<string> Triggers { get; } = [];

    public static Catalogue Read(SqliteConnection connection)
    {
        var catalogue = new Catalogue();
        foreach (var row in Direct.Execute(connection, "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name <> 'seq' ORDER BY name").Rows)
        {
            string name = row[0].AsText();
            switch (row[1].AsText())
            {
                case "view":
                    catalogue.Views.Add(name);
                    break;
                case "table" or "virtual":
                    catalogue.Tables.Add(new Table(name, row[1].AsText() == "virtual", row[2].AsInteger() != 0, ColumnsOf(connection, name)));
                    break;
            }
        }

        foreach (var row in Direct.Execute(connection, "SELECT type, name FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY name").Rows)
        {
            (row[0].AsText() == "index" ? catalogue.Indexes : catalogue.Triggers).Add(row[1].AsText());
        }

        return catalogue;
    }

    private static List<TableColumn> ColumnsOf(SqliteConnection connection, string table) =>
        [.. Direct.Execute(connection, new Statement("SELECT name, type, pk, hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1", table)).Rows
            .Select(row => new TableColumn(row[0].AsText(), row[1].AsText(), row[2].AsInteger() != 0, row[3].AsInteger() != 0))];
}

internal sealed record Table(string Name, bool IsVirtual, bool WithoutRowId, IReadOnlyList<TableColumn> Columns)
{
    /// <summary>The columns that can be written.</summary>
    public IReadOnlyList<TableColumn> Writable { get; } = [.. Columns.Where(column => !column.IsGenerated)];
}

internal sealed record TableColumn(string Name, string Type, bool IsKey, bool IsGenerated);
