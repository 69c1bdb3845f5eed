namespace OrleansSqlite.Client;

/// <summary>Tells batches that may be repeated at any time: those that only look, and VACUUM, which takes no operation id.</summary>
internal static class Repeatable
{
    private static readonly string[] Verbs = ["SELECT", "VALUES", "EXPLAIN", "PRAGMA", "VACUUM"];

    /// <summary>
    /// True if all statements begin with such a verb and hold no other statement. A false answer costs a row in the operations table,
    /// a wrong true one would cost a write twice, so whatever looks unusual (a comment, a WITH) is taken for a write.
    /// </summary>
    public static bool Is(Batch batch) => batch.Statements.All(statement => Is(statement.Sql));

    private static bool Is(string sql)
    {
        var text = sql.AsSpan().Trim().TrimEnd(';').TrimEnd();
        foreach (string verb in Verbs)
        {
            if (text.StartsWith(verb, StringComparison.OrdinalIgnoreCase)
                && (text.Length == verb.Length || !char.IsAsciiLetterOrDigit(text[verb.Length]) && text[verb.Length] != '_'))
            {
                return !text.Contains(';') && !(verb == "PRAGMA" && text.Contains('='));
            }
        }

        return false;
    }
}
