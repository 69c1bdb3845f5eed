using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>Random schema changes.</summary>
internal sealed class SchemaStatements(Sample sample)
{
    private int names;

    public string Next(Catalogue catalogue)
    {
        var tables = catalogue.Tables.Where(table => !table.IsVirtual).ToList();
        return tables.Count == 0 || (catalogue.Tables.Count < 7 && sample.Below(3) == 0)
            ? Create(tables)
            : sample.Below(14) switch
            {
                < 4 => Index(Pick(tables)),
                < 6 => Trigger(Pick(tables), Pick(tables)),
                6 => View(Pick(tables)),
                7 when catalogue.Views.Count > 0 => Instead(Pick(catalogue.Views), Pick(tables)),
                8 => Alter(Pick(tables)),
                9 => $"CREATE TABLE {Name("c")} AS SELECT * FROM {Pick(tables).Name}",
                10 when catalogue.Tables.Count > 3 => $"DROP TABLE {Pick(catalogue.Tables).Name}",
                11 when catalogue.Indexes.Count > 2 => $"DROP INDEX {Pick(catalogue.Indexes)}",
                12 when catalogue.Triggers.Count > 1 => $"DROP TRIGGER {Pick(catalogue.Triggers)}",
                13 when catalogue.Views.Count > 1 => $"DROP VIEW {Pick(catalogue.Views)}",
                _ => sample.Below(2) == 0 ? $"REINDEX {Pick(tables).Name}" : Index(Pick(tables)),
            };
    }

    private string Create(List<Table> others) => sample.Below(10) switch
    {
        0 => $"CREATE VIRTUAL TABLE {Name("f")} USING fts5(a, b{Either("", ", tokenize='porter'", ", prefix='2 3'")})",
        1 => $"CREATE TABLE {Name("t")}(a, b{Type()}, c)",
        2 => $"CREATE TABLE {Name("t")}(a{Type()}, b INTEGER, c TEXT{Either("", " UNIQUE")}, PRIMARY KEY (a, b)) WITHOUT ROWID",
        3 => $"CREATE VIRTUAL TABLE {Name("r")} USING rtree(id, x0, x1)",

        // Of any type: SQLite does not expect OR IGNORE and OR REPLACE to fail, and begins no savepoint for them. A value of a wrong
        // type then leaves the rows before it behind, and of a replaced row one without its index entries.
        4 => $"CREATE TABLE {Name("t")}(id INTEGER PRIMARY KEY, a ANY, b ANY) STRICT",
        5 => $"CREATE TABLE {Name("t")}(a TEXT PRIMARY KEY, b{Type()}{Extra()})",
        _ => $"CREATE TABLE {Name("t")}(id INTEGER PRIMARY KEY{Either("", "", " AUTOINCREMENT", " DESC")}, a{Type()}{Extra()}, b{Type()}{Extra()}{Generated()}{Reference(others)})",
    };

    private string Type() => Either("", " TEXT", " INTEGER", " BLOB", " REAL", " NUMERIC", " TEXT COLLATE NOCASE");

    private string Extra() => Either("", "", "", " UNIQUE", " NOT NULL DEFAULT 7", " DEFAULT 'd'", " CHECK (a IS NULL OR a <> 13)", " UNIQUE ON CONFLICT REPLACE", " UNIQUE ON CONFLICT IGNORE");

    private string Generated() => Either("", "", ", g GENERATED ALWAYS AS (coalesce(length(a), 0) + 1) VIRTUAL", ", g GENERATED ALWAYS AS (typeof(a) || coalesce(b, '')) STORED");

    private string Reference(List<Table> others)
    {
        var parents = others.Where(table => table.Columns[0].Name == "id").ToList();
        return parents.Count == 0 || sample.Below(2) == 0
            ? ""
            : $", r INTEGER REFERENCES {Pick(parents).Name}(id){Either("", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON UPDATE CASCADE ON DELETE RESTRICT")}{Either("", " DEFERRABLE INITIALLY DEFERRED")}";
    }

    private string Index(Table table)
    {
        string column = Pick(table.Columns).Name;
        string what = sample.Below(6) switch
        {
            0 => $"{column} DESC",
            1 => $"{column} COLLATE NOCASE, {Pick(table.Columns).Name}",
            2 => $"length({column})",
            3 => $"{column}) WHERE ({column} > 5",
            _ => $"{column}, {Pick(table.Columns).Name}",
        };
        return $"CREATE {(sample.Below(6) == 0 ? "UNIQUE " : "")}INDEX {Name("i")} ON {table.Name}({what})";
    }

    private string Trigger(Table on, Table other)
    {
        string body = sample.Below(6) switch
        {
            0 => $"SELECT RAISE({Either("IGNORE", "ABORT, 'no 11'", "FAIL, 'no 11'", "ROLLBACK, 'no 11'")}) WHERE new.{on.Columns[0].Name} = 11;",
            1 => $"UPDATE {other.Name} SET {other.Writable[^1].Name} = new.{on.Columns[0].Name} WHERE {other.Columns[0].Name} = 3;",
            2 => $"DELETE FROM {other.Name} WHERE {other.Columns[0].Name} = new.{on.Columns[0].Name} AND {other.Columns[0].Name} < 0;",
            _ => $"INSERT OR IGNORE INTO {other.Name}({other.Writable[^1].Name}) VALUES (coalesce(new.{on.Columns[0].Name}, 'none'));",
        };
        return $"CREATE TRIGGER {Name("g")} {Either("AFTER", "BEFORE")} {Either("INSERT", "UPDATE", $"UPDATE OF {on.Writable[^1].Name}")} ON {on.Name} {Either("", $"WHEN new.{on.Columns[0].Name} > 2 ")}BEGIN {body} END";
    }

    private string View(Table table) => $"CREATE VIEW {Name("v")} AS SELECT {table.Columns[0].Name} AS x, {Pick(table.Columns).Name} AS y FROM {table.Name} WHERE {Pick(table.Columns).Name} IS NOT NULL";

    private string Instead(string view, Table target) =>
        $"CREATE TRIGGER {Name("g")} INSTEAD OF INSERT ON {view} BEGIN INSERT INTO {target.Name}({target.Writable[^1].Name}) VALUES (new.x); END";

    private string Alter(Table table) => sample.Below(5) switch
    {
        0 => $"ALTER TABLE {table.Name} RENAME TO {Name("t")}",
        1 => $"ALTER TABLE {table.Name} RENAME COLUMN {Pick(table.Columns).Name} TO {Name("n")}",
        2 => $"ALTER TABLE {table.Name} DROP COLUMN {Pick(table.Columns).Name}",
        _ => $"ALTER TABLE {table.Name} ADD COLUMN {Name("n")}{Type()} DEFAULT {Either("1", "'one'", "NULL")}",
    };

    private string Name(string prefix) => $"{prefix}{++names}";

    private T Pick<T>(IReadOnlyList<T> all) => all[sample.Below(all.Count)];

    private string Either(params string[] all) => Pick(all);
}
