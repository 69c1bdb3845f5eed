using System.Globalization;
using OrleansSqlite.Vfs;
using SQLitePCL;

namespace OrleansSqlite.Transactions;

/// <summary>
/// What the meaning of a statement depends on beside its database: pragmas that were set on the connection, functions of SQLite that were replaced on it,
/// things that are temporary. Where that is the same, another connection may run the statement in its place.
/// </summary>
internal static class ConnectionSettings
{
    private const int EnablesTriggers = 1003, EnablesViews = 1015, Asks = -1;

    /// <summary>A function that is missing elsewhere is noticed there; one that is another one elsewhere is not. The engine's own connections replace these two.</summary>
    private const string Sql = """
        SELECT (SELECT foreign_keys FROM pragma_foreign_keys) || (SELECT recursive_triggers FROM pragma_recursive_triggers)
          || (SELECT ignore_check_constraints FROM pragma_ignore_check_constraints) || (SELECT legacy_alter_table FROM pragma_legacy_alter_table)
          || (SELECT reverse_unordered_selects FROM pragma_reverse_unordered_selects) || (SELECT full_column_names FROM pragma_full_column_names)
          || (SELECT short_column_names FROM pragma_short_column_names) || (SELECT count_changes FROM pragma_count_changes)
          || ('É' = 'é' COLLATE NOCASE) || ('a ' = 'a' COLLATE RTRIM) || ('a' = 'A')
          || ' ' || (SELECT count(*) FROM temp.sqlite_schema)
          || ' ' || (SELECT coalesce(group_concat(DISTINCT name), '') FROM pragma_function_list
              WHERE NOT builtin AND name NOT IN ('changes', 'total_changes') AND name IN (SELECT name FROM pragma_function_list WHERE builtin))
        """;

    /// <summary>Describes them. Whatever guards the connection must be lifted.</summary>
    public static string Of(sqlite3 handle)
    {
        _ = raw.sqlite3_db_config(handle, EnablesTriggers, Asks, out int triggers);
        _ = raw.sqlite3_db_config(handle, EnablesViews, Asks, out int views);
        int code = raw.sqlite3_prepare_v2(handle, Sql, out var statement);
        using (statement)
        {
            code = code == raw.SQLITE_OK ? raw.sqlite3_step(statement) : code;
            string found = code == raw.SQLITE_ROW
                ? raw.sqlite3_column_text(statement, 0).utf8_to_string()
                : string.Create(CultureInfo.InvariantCulture, $"error {code}");
            return string.Create(CultureInfo.InvariantCulture, $"{triggers}{views} {found}");
        }
    }
}
