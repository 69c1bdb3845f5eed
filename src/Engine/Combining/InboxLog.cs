using OrleansSqlite.Format;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Combining;

/// <summary>
/// What became of the transactions from the inbox: a small table in the database itself, written by the commits that carry them, made when it is
/// first needed. A transaction whose id stands there never runs again. Old rows are pruned, and then a mark stands for all of them: below it
/// nothing runs any more. So a transaction takes effect at most once whatever becomes of its object, and whatever clocks show.
/// </summary>
internal static class InboxLog
{
    /// <summary>The table's name.</summary>
    public const string Table = "orleans_sqlite_inbox";

    /// <summary>How long an outcome is kept for its owner.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromMinutes(10);

    private const int PrunedAtOnce = 64;

    /// <summary>The row whose id is empty is the mark: its outcome is the least id that may still run.</summary>
    private static readonly byte[] Mark = [];

    private const string Schema = $"CREATE TABLE IF NOT EXISTS {Table}(id BLOB PRIMARY KEY, kind INTEGER NOT NULL, version INTEGER NOT NULL, detail) WITHOUT ROWID";

    /// <summary>What became of a transaction; null if nothing has yet.</summary>
    public static InboxOutcome? Find(StatementRunner runner, InboxId id)
    {
        if (!IsThere(runner))
        {
            return null;
        }

        var rows = Rows(runner, $"SELECT kind, version, detail FROM {Table} WHERE id = ?", id.ToBytes());
        if (rows is [var row])
        {
            return new InboxOutcome((InboxOutcomeKind)row[0].AsInteger(), row[1].AsInteger(), row[2].IsNull ? null : row[2].AsText());
        }

        return Rows(runner, $"SELECT detail FROM {Table} WHERE id = ?", Mark) is [var mark] && id.CompareTo(InboxId.FromBytes(mark[0].AsBlob().Span)) < 0
            ? new InboxOutcome(InboxOutcomeKind.Forgotten, 0, null)
            : null;
    }

    /// <summary>Writes down what becomes of a transaction, as part of it.</summary>
    public static void Record(StatementRunner runner, WriteConnection connection, InboxId id, InboxOutcome outcome)
    {
        if (!IsThere(runner))
        {
            runner.Run(Schema, []);
        }

        Prune(runner, connection, id);
        long version = outcome.Version == 0 ? connection.NextVersion : outcome.Version;
        runner.Run(new Statement($"INSERT INTO {Table} VALUES (?, ?, ?, ?)", id.ToBytes(), (long)outcome.Kind, version, outcome.Detail), []);
    }

    /// <summary>Forgets what is old by both clocks: that of the store as it is known here, and that of whoever left this transaction.</summary>
    private static void Prune(StatementRunner runner, WriteConnection connection, InboxId id)
    {
        long now = Math.Min(connection.Context.StoreClock.EarliestMs(), id.TimeMs);
        byte[] oldest = InboxId.First(now - (long)Retention.TotalMilliseconds).ToBytes();
        if (Rows(runner, $"SELECT 1 FROM {Table} WHERE id > ? AND id < ? LIMIT 1", Mark, oldest).Count == 0)
        {
            return;
        }

        // Forgotten is only what the mark stands for.
        runner.Run(new Statement(
            $"INSERT INTO {Table} VALUES (?1, 0, 0, ?2) ON CONFLICT(id) DO UPDATE SET detail = max(detail, excluded.detail)", Mark, oldest), []);
        runner.Run(new Statement(
            $"DELETE FROM {Table} WHERE id IN (SELECT id FROM {Table} WHERE id > ? AND id < ? LIMIT {PrunedAtOnce})", Mark, oldest), []);
    }

    private static bool IsThere(StatementRunner runner) =>
        Rows(runner, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", Table).Count > 0;

    private static IReadOnlyList<IReadOnlyList<SqlValue>> Rows(StatementRunner runner, string sql, params object[] parameters)
    {
        List<StatementResult> results = [];
        runner.Run(new Statement(sql, parameters), results);
        return results[0].Rows;
    }
}
