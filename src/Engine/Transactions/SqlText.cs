namespace OrleansSqlite.Transactions;

/// <summary>What can be told of SQL without compiling it.</summary>
internal static class SqlText
{
    /// <summary>Whether a batch is VACUUM, before which only the pragmas may stand that it carries out. It is no transaction, and may be repeated at any time.</summary>
    public static bool IsVacuum(Batch batch)
    {
        if (batch.Statements.Count == 0)
        {
            return false;
        }

        var last = SkipBlanks(batch.Statements[^1].Sql);
        return Starts(last, "VACUUM") && IsAlone(last) && !last.Contains("INTO", StringComparison.OrdinalIgnoreCase)
            && batch.Statements.SkipLast(1).All(statement => IsSetting(SkipBlanks(statement.Sql)));

        static bool IsSetting(ReadOnlySpan<char> sql) =>
            IsAlone(sql) && (Starts(sql, "PRAGMA page_size") || Starts(sql, "PRAGMA auto_vacuum"));

        // Behind its semicolon not even a comment: what is compiled in pieces is not lifted out of the guard.
        static bool IsAlone(ReadOnlySpan<char> sql) => !sql.TrimEnd("; \t\r\n").Contains(';');
    }

    /// <summary>Whether SQL begins with a word.</summary>
    public static bool Starts(ReadOnlySpan<char> sql, string keyword) =>
        sql.StartsWith(keyword, StringComparison.OrdinalIgnoreCase)
        && (sql.Length == keyword.Length || !(char.IsAsciiLetterOrDigit(sql[keyword.Length]) || sql[keyword.Length] == '_'));

    /// <summary>Whether it is one statement. One with a semicolon in its midst (in a text, a trigger) is not seen to be.</summary>
    public static bool IsSingle(ReadOnlySpan<char> sql)
    {
        int semicolon = sql.IndexOf(';');
        return semicolon < 0 || SkipBlanks(sql[(semicolon + 1)..]).IsEmpty;
    }

    /// <summary>Skips blanks and comments, of which tools put some before a statement.</summary>
    public static ReadOnlySpan<char> SkipBlanks(ReadOnlySpan<char> sql)
    {
        while (true)
        {
            sql = sql.TrimStart();
            int end;
            if (sql.StartsWith("--"))
            {
                end = sql.IndexOf('\n');
            }
            else if (sql.StartsWith("/*"))
            {
                int close = sql[2..].IndexOf("*/");
                end = close < 0 ? close : close + 3;
            }
            else
            {
                return sql;
            }

            if (end < 0)
            {
                return [];
            }

            sql = sql[(end + 1)..];
        }
    }
}
