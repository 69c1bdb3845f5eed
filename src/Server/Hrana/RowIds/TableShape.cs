using SQLitePCL;

namespace OrleansSqlite.Server.Hrana;

/// <summary>What must be known of a table to give its rows ids.</summary>
/// <param name="Columns">The columns that an INSERT without a list means.</param>
/// <param name="IdName">The name that the id goes by: its own column's, or one of SQLite's.</param>
/// <param name="Greatest">The greatest id that is taken.</param>
internal sealed record TableShape(IReadOnlyList<string> Columns, string IdName, long Greatest)
{
    private static readonly string[] Aliases = ["rowid", "_rowid_", "oid"];

    /// <summary>
    /// Reads it. Null if the ids are not to be given: of a view, a virtual table, one without rowids, one that a temporary table hides,
    /// one that replaces rows on a conflict, or one with a trigger that runs before the row is there and would see its id.
    /// </summary>
    public static TableShape? Read(sqlite3 db, string table)
    {
        if (table.Contains('"', StringComparison.Ordinal)
            || Single(db, "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE", table) is not { } sql
            || sql.Contains("REPLACE", StringComparison.OrdinalIgnoreCase)
            || Single(db, "SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE AND type = 'table' AND NOT wr", table) is null
            || Single(db, "SELECT 1 FROM temp.sqlite_schema WHERE ?1 COLLATE NOCASE IN (name, tbl_name)", table) is not null
            || Rows(db, "SELECT sql FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE", table).Any(row => !IsAfter(row[0]!)))
        {
            return null;
        }

        var columns = Rows(db, "SELECT name, type, pk, hidden FROM pragma_table_xinfo(?1, 'main')", table);
        var keys = columns.Where(column => column[2] != "0").ToList();
        string? idName = keys is [[var key, var type, ..]]
            && type!.Equals("INTEGER", StringComparison.OrdinalIgnoreCase)
            && Single(db, "SELECT 1 FROM pragma_index_list(?1, 'main') WHERE origin = 'pk'", table) is null
                ? key
                : Array.Find(Aliases, alias => !columns.Exists(column => alias.Equals(column[0], StringComparison.OrdinalIgnoreCase)));
        if (idName is null || idName.Contains('"', StringComparison.Ordinal))
        {
            return null;
        }

        string? greatest = Single(db, $"SELECT max(\"{idName}\") FROM main.\"{table}\"");
        string? sequence = sql.Contains("AUTOINCREMENT", StringComparison.OrdinalIgnoreCase)
            ? Single(db, "SELECT seq FROM main.sqlite_sequence WHERE name = ?1 COLLATE NOCASE", table)
            : null;
        return new(
            [.. columns.Where(column => column[3] == "0").Select(column => column[0]!)],
            idName,
            Math.Max(Number(greatest), Number(sequence)));
    }

    /// <summary>Whether a name means the id.</summary>
    public bool IsId(string column) =>
        column.Equals(IdName, StringComparison.OrdinalIgnoreCase)
        || (Aliases.Contains(column, StringComparer.OrdinalIgnoreCase) && !Columns.Contains(column, StringComparer.OrdinalIgnoreCase));

    private static bool IsAfter(string trigger)
    {
        // CREATE TRIGGER name AFTER …, as SQLite keeps it; without a word it is BEFORE.
        var tokens = SqlToken.Of(trigger);
        int at = tokens.FindIndex(token => token.Is(trigger, "TRIGGER")) + 1;
        at += at + 2 < tokens.Count && tokens[at].Is(trigger, "IF") && tokens[at + 1].Is(trigger, "NOT") ? 3 : 0;
        return at + 1 < tokens.Count && tokens[at].Name(trigger) is not null && tokens[at + 1].Is(trigger, "AFTER");
    }

    private static long Number(string? text) =>
        long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out long number) ? number : 0;

    private static string? Single(sqlite3 db, string sql, string? table = null) => Rows(db, sql, table) is [[var first, ..], ..] ? first : null;

    private static List<string?[]> Rows(sqlite3 db, string sql, string? table)
    {
        int code = raw.sqlite3_prepare_v2(db, sql, out var statement);
        Microsoft.Data.Sqlite.SqliteException.ThrowExceptionForRC(code, db);
        using (statement)
        {
            if (table is not null)
            {
                code = raw.sqlite3_bind_text(statement, 1, table);
            }

            List<string?[]> rows = [];
            while (code == raw.SQLITE_OK && (code = raw.sqlite3_step(statement)) == raw.SQLITE_ROW)
            {
                var row = new string?[raw.sqlite3_column_count(statement)];
                for (int i = 0; i < row.Length; i++)
                {
                    row[i] = raw.sqlite3_column_text(statement, i).utf8_to_string();
                }

                rows.Add(row);
                code = raw.SQLITE_OK;
            }

            Microsoft.Data.Sqlite.SqliteException.ThrowExceptionForRC(code, db);
            return rows;
        }
    }
}
