using System.Buffers;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Data;

/// <summary>
/// What can be said of a command from its text. Only costs depend on it: which snapshot it begins on, and whether it is traced.
/// A text that is taken for something else than it is costs a request, and is as right.
/// </summary>
/// <param name="Reads">It seems to read only: it begins on a snapshot of the connection's read level.</param>
/// <param name="IsSingle">It holds one statement.</param>
/// <param name="NeedsDatabase">It may look into the database at all.</param>
/// <param name="EndsTransaction">It may commit the transaction that it runs in.</param>
/// <param name="IsCommit">It is COMMIT or END, alone.</param>
internal readonly record struct CommandText(bool Reads, bool IsSingle, bool NeedsDatabase, bool EndsTransaction, bool IsCommit)
{
    private static readonly SearchValues<string> Writes = SearchValues.Create(
        ["INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER", "BEGIN", "SAVEPOINT", "COMMIT", "END", "RELEASE", "ROLLBACK", "PRAGMA", "VACUUM", "ANALYZE", "REINDEX", "ATTACH"],
        StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Ends = SearchValues.Create(["COMMIT", "END", "RELEASE"], StringComparison.OrdinalIgnoreCase);

    /// <summary>Looks at a text.</summary>
    public static CommandText Of(string text)
    {
        var sql = SqlText.SkipBlanks(text);
        bool isSingle = SqlText.IsSingle(sql);
        bool isSelect = SqlText.Starts(sql, "SELECT") || SqlText.Starts(sql, "VALUES") || SqlText.Starts(sql, "EXPLAIN");
        bool reads = isSingle && isSelect || ((isSelect || SqlText.Starts(sql, "WITH")) && !sql.ContainsAny(Writes));
        bool needsDatabase = !(isSingle && isSelect && !sql.Contains("FROM", StringComparison.OrdinalIgnoreCase));
        bool ends = !reads && sql.ContainsAny(Ends);
        return new CommandText(reads, isSingle, needsDatabase, ends, ends && isSingle && (SqlText.Starts(sql, "COMMIT") || SqlText.Starts(sql, "END")));
    }
}
