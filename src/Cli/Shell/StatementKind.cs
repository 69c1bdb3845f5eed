namespace OrleansSqlite.Cli;

/// <summary>What the shell does with a statement.</summary>
internal enum StatementKind
{
    /// <summary>It begins a transaction.</summary>
    Begin,

    /// <summary>It ends a transaction.</summary>
    Commit,

    /// <summary>It drops a transaction.</summary>
    Rollback,

    /// <summary>PRAGMA foreign_keys with a value, as every dump begins.</summary>
    ForeignKeys,

    /// <summary>It looks like one that only reads. Whether it does is for SQLite to say.</summary>
    Read,

    /// <summary>Anything else.</summary>
    Other,
}

internal static class StatementKinds
{
    public static StatementKind Of(string sql)
    {
        var word = SqlText.FirstWord(sql);
        return word switch
        {
            _ when Is(word, "begin") => StatementKind.Begin,
            _ when Is(word, "commit") || Is(word, "end") => StatementKind.Commit,
            _ when Is(word, "rollback") => IsToSavepoint(sql) ? StatementKind.Other : StatementKind.Rollback,
            _ when Is(word, "pragma") && IsForeignKeys(sql) => StatementKind.ForeignKeys,
            _ when Is(word, "select") || Is(word, "with") || Is(word, "values") || Is(word, "explain") || Is(word, "pragma") => StatementKind.Read,
            _ => StatementKind.Other,
        };
    }

    private static bool IsToSavepoint(string sql)
    {
        var rest = SqlText.AfterFirstWord(sql);
        var next = SqlText.FirstWord(rest);
        return Is(next, "to") || (Is(next, "transaction") && Is(SqlText.FirstWord(SqlText.AfterFirstWord(rest)), "to"));
    }

    private static bool IsForeignKeys(string sql)
    {
        var rest = SqlText.AfterFirstWord(sql);
        return Is(SqlText.FirstWord(rest), "foreign_keys") && SqlText.AfterFirstWord(rest).TrimStart() is ['=' or '(', ..];
    }

    private static bool Is(ReadOnlySpan<char> word, string wanted) => word.Equals(wanted, StringComparison.OrdinalIgnoreCase);
}
