using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OrleansSqlite.Commit;

namespace OrleansSqlite.Transactions;

/// <summary>
/// Which operation ids have taken effect: a small table in the database itself, written by the same commit as the operation,
/// made when it is first needed, pruned by age on the store's clock. A repetition is answered from it.
/// </summary>
internal static class OperationLog
{
    /// <summary>The table's name.</summary>
    public const string Table = "orleans_sqlite_operations";

    private const int MaxIdLength = 128;
    private const int MaxResultBytes = 16 << 10;

    /// <summary>Makes the table, if it is not there.</summary>
    public static IReadOnlyList<string> Schema { get; } =
    [
        $"""
        CREATE TABLE IF NOT EXISTS {Table}(
          id TEXT PRIMARY KEY, version INTEGER NOT NULL, committed_ms INTEGER NOT NULL, digest BLOB NOT NULL, results TEXT) WITHOUT ROWID
        """,
        $"CREATE INDEX IF NOT EXISTS {Table}_by_time ON {Table}(committed_ms)",
    ];

    /// <summary>Removes some of those that took effect before a time, in unix milliseconds: its one parameter.</summary>
    private const string PruneSql = $"DELETE FROM {Table} WHERE id IN (SELECT id FROM {Table} WHERE committed_ms < ? ORDER BY committed_ms LIMIT 64)";

    /// <summary>The same as a text without parameters.</summary>
    public static string Prune(long beforeMs) => PruneSql.Replace("?", beforeMs.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    /// <summary>An operation that has taken effect.</summary>
    /// <param name="Version">The version that carries it.</param>
    /// <param name="Results">What it gave; empty if that was too much to keep.</param>
    public sealed record Entry(long Version, IReadOnlyList<StatementResult> Results);

    /// <summary>Looks an operation up.</summary>
    /// <exception cref="DatabaseException">The id is malformed, or was used for something else.</exception>
    public static bool TryFind(StatementRunner runner, Batch batch, [NotNullWhen(true)] out Entry? entry)
    {
        entry = null;
        if (batch.OperationId is not { Length: > 0 and <= MaxIdLength })
        {
            throw runner.Invalid(ErrorCodes.BadArgument, $"An operation id has 1 to {MaxIdLength} characters.");
        }

        List<StatementResult> found = [];
        if (!IsThere(runner))
        {
            return false;
        }

        runner.Run(new Statement($"SELECT version, digest, results FROM {Table} WHERE id = ?", batch.OperationId), found);
        if (found[0].Rows.Count == 0)
        {
            return false;
        }

        var row = found[0].Rows[0];
        if (!row[1].AsBlob().Span.SequenceEqual(Digest(batch)))
        {
            throw runner.Invalid(
                ErrorCodes.OperationReused,
                $"The operation id '{batch.OperationId}' was used for another write. Choose a new id for each write, and the same one only to repeat it.");
        }

        entry = new Entry(row[0].AsInteger(), row[2].IsNull ? [] : ResultsJson.Read(row[2].AsText()));
        return true;
    }

    /// <summary>The version at which an operation took effect, whatever it was; null if it has not.</summary>
    public static long? FindVersion(StatementRunner runner, string id)
    {
        if (!IsThere(runner))
        {
            return null;
        }

        List<StatementResult> found = [];
        runner.Run(new Statement($"SELECT version FROM {Table} WHERE id = ?", id), found);
        return found[0].Rows is [var row] ? row[0].AsInteger() : null;
    }

    /// <summary>Records an operation, as part of its transaction.</summary>
    public static void Record(StatementRunner runner, WriteConnection connection, Batch batch, List<StatementResult> results)
    {
        string json = ResultsJson.Write(results);
        Insert(runner, connection, batch.OperationId!, Digest(batch), Encoding.UTF8.GetByteCount(json) <= MaxResultBytes ? json : null);
    }

    /// <summary>Records the operation of a connection's transaction. Its digest is none of a batch: a batch of the same id is refused, as another write.</summary>
    public static void RecordTold(StatementRunner runner, WriteConnection connection, string id) => Insert(runner, connection, id, [], null);

    private static void Insert(StatementRunner runner, WriteConnection connection, string id, byte[] digest, string? results)
    {
        var context = connection.Context;
        List<StatementResult> ignored = [];
        if (!IsThere(runner))
        {
            foreach (string sql in Schema)
            {
                runner.Run(sql, ignored);
            }
        }

        // With parameters, so that it is compiled once: this runs with every operation.
        runner.Run(new Statement(PruneSql, context.StoreClock.EarliestMs() - (long)context.Options.OperationRetention.TotalMilliseconds), ignored);
        runner.Run(
            new Statement(
                $"INSERT INTO {Table} VALUES (?, ?, ?, ?, ?)",
                id,
                connection.NextVersion,
                context.StoreClock.LatestMs(),
                digest,
                results),
            ignored);
    }

    private static bool IsThere(StatementRunner runner)
    {
        List<StatementResult> found = [];
        runner.Run(new Statement("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", Table), found);
        return found[0].Rows.Count > 0;
    }

    /// <summary>Tells one batch from another: its statements and parameters.</summary>
    private static byte[] Digest(Batch batch)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var statement in batch.Statements)
        {
            Append(hash, 'S', statement.Sql);
            foreach (var value in statement.Positional)
            {
                Append(hash, (char)('0' + value.Type), value.ToString());
            }

            foreach (var (name, value) in statement.Named.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                Append(hash, 'N', name);
                Append(hash, (char)('0' + value.Type), value.ToString());
            }
        }

        return hash.GetHashAndReset()[..16];
    }

    /// <summary>Each part with its kind and its length, so that no two batches run together to the same bytes.</summary>
    private static void Append(IncrementalHash hash, char kind, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(Encoding.ASCII.GetBytes($"{kind}{bytes.Length}:"));
        hash.AppendData(bytes);
    }
}
