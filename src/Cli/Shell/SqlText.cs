using SQLitePCL;

namespace OrleansSqlite.Cli;

/// <summary>Looks at SQL from outside: where statements end, and how they begin. What SQL means is SQLite's alone.</summary>
internal static class SqlText
{
    // The engine loads SQLite when it first runs something; looking at text may come before that.
    static SqlText() => Batteries_V2.Init();

    /// <summary>Whether the text ends with a whole statement, triggers and their inner semicolons understood.</summary>
    public static bool IsComplete(string sql) => raw.sqlite3_complete(sql) != 0;

    /// <summary>The statements of a text, each with its semicolon; the last one as it is.</summary>
    public static IEnumerable<string> Statements(string sql)
    {
        var start = 0;
        for (var end = sql.IndexOf(';', StringComparison.Ordinal); end >= 0; end = sql.IndexOf(';', end + 1))
        {
            var candidate = sql[start..(end + 1)];
            if (IsComplete(candidate))
            {
                start = end + 1;
                if (FirstWord(candidate).Length > 0)
                {
                    yield return candidate.Trim();
                }
            }
        }

        if (FirstWord(sql.AsSpan(start)).Length > 0)
        {
            yield return sql[start..].Trim();
        }
    }

    /// <summary>The first word of a statement, comments skipped; empty if there is none.</summary>
    public static ReadOnlySpan<char> FirstWord(ReadOnlySpan<char> sql)
    {
        sql = SkipComments(sql);
        var length = 0;
        while (length < sql.Length && (char.IsLetterOrDigit(sql[length]) || sql[length] == '_'))
        {
            length++;
        }

        // A statement may begin with something else, and then SQLite says what is wrong with it.
        return length > 0 ? sql[..length] : sql is [] or [';', ..] ? [] : sql[..1];
    }

    /// <summary>What follows the first word.</summary>
    public static ReadOnlySpan<char> AfterFirstWord(ReadOnlySpan<char> sql) => SkipComments(sql)[FirstWord(sql).Length..];

    private static ReadOnlySpan<char> SkipComments(ReadOnlySpan<char> sql)
    {
        while (true)
        {
            sql = sql.TrimStart();
            if (sql.StartsWith("--"))
            {
                var end = sql.IndexOf('\n');
                sql = end < 0 ? [] : sql[(end + 1)..];
            }
            else if (sql.StartsWith("/*"))
            {
                var end = sql[2..].IndexOf("*/");
                sql = end < 0 ? [] : sql[(end + 4)..];
            }
            else
            {
                return sql;
            }
        }
    }
}
