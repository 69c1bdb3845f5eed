using OrleansSqlite.Transactions;

namespace OrleansSqlite.Client;

/// <summary>Tells batches that may be repeated at any time: those that only look, and VACUUM, which takes no operation id.</summary>
internal static class Repeatable
{
    private static readonly string[] Verbs = ["SELECT", "VALUES", "EXPLAIN"];

    /// <summary>What may stand in brackets behind these says what to look at; behind others it is a value to set.</summary>
    private static readonly HashSet<string> PragmasWithSubject = new(StringComparer.OrdinalIgnoreCase)
    {
        "foreign_key_check", "foreign_key_list", "index_info", "index_list", "index_xinfo", "integrity_check", "quick_check", "table_info",
        "table_list", "table_xinfo",
    };

    /// <summary>
    /// True if the batch is VACUUM, or all statements begin with such a verb and hold no other statement. A false answer costs a row in
    /// the operations table, a wrong true one would cost a write twice, so whatever looks unusual (a comment, a WITH) is taken for a write.
    /// </summary>
    public static bool Is(Batch batch) => SqlText.IsVacuum(batch) || batch.Statements.All(statement => Looks(statement.Sql));

    private static bool Looks(string sql)
    {
        var text = sql.AsSpan().Trim().TrimEnd(';').TrimEnd();
        if (text.Contains(';'))
        {
            return false;
        }

        foreach (string verb in Verbs)
        {
            if (SqlText.Starts(text, verb))
            {
                return true;
            }
        }

        return SqlText.Starts(text, "PRAGMA") && PragmaLooks(text["PRAGMA".Length..]);
    }

    /// <summary>Whether a pragma sets nothing.</summary>
    private static bool PragmaLooks(ReadOnlySpan<char> text)
    {
        if (text.Contains('=') || text.Contains("--", StringComparison.Ordinal) || text.Contains("/*", StringComparison.Ordinal))
        {
            return false;
        }

        int bracket = text.IndexOf('(');
        var name = bracket < 0 ? text : text[..bracket];
        return bracket < 0 || PragmasWithSubject.Contains(name[(name.IndexOf('.') + 1)..].Trim().ToString());
    }
}
