using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Data;

/// <summary>
/// Random transactions, of which each that was committed tells what it did and what it was told. The oracle is plain SQLite: it runs
/// them again one by one, in the order in which they were committed.
/// </summary>
internal sealed class Fuzz
{
    public const string Schema = """
        CREATE TABLE commits(id INTEGER PRIMARY KEY AUTOINCREMENT, tx INTEGER UNIQUE);
        CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT UNIQUE, n INTEGER NOT NULL DEFAULT 0, extra);
        CREATE TABLE child(id INTEGER PRIMARY KEY AUTOINCREMENT, item INTEGER, v REAL CHECK (v IS NULL OR v < 1000));
        CREATE TABLE log(line);
        CREATE TRIGGER counted AFTER INSERT ON child BEGIN UPDATE item SET n = n + 1 WHERE id = new.item; END;
        INSERT INTO item(name, n) VALUES ('a', 1), ('b', 2), ('c', 3), ('d', 4), ('e', 5);
        """;

    private readonly ConcurrentDictionary<long, List<Step>> begun = new();
    private readonly ConcurrentDictionary<long, bool> applied = new();
    private long numbers;
    private int committed;

    /// <summary>How many were told that they are committed.</summary>
    public int Committed => Volatile.Read(ref committed);

    /// <summary>How many were told that they are not.</summary>
    public int Refused => applied.Count - committed;

    /// <summary>How many were not told.</summary>
    public int Unknown => begun.Count - applied.Count;

    /// <summary>Runs what was committed again, and gives what was told differently.</summary>
    public List<string> Deviations(Func<string, string> look)
    {
        using var oracle = new SqliteConnection("Data Source=:memory:");
        oracle.Open();
        oracle.Execute(Schema);
        List<string> deviations = [];
        var order = look("SELECT tx FROM commits ORDER BY id").Split(';', StringSplitOptions.RemoveEmptyEntries).Select(tx => long.Parse(tx, CultureInfo.InvariantCulture)).ToArray();
        var present = order.ToHashSet();
        foreach (var (tx, isApplied) in applied.Where(told => told.Value != present.Contains(told.Key)))
        {
            deviations.Add($"transaction {tx} was {(isApplied ? "acknowledged and is lost" : "refused and is there")}");
        }

        foreach (long tx in order)
        {
            oracle.Execute("BEGIN");
            foreach (var step in begun[tx])
            {
                string told = Tell(oracle, step);
                if (told != step.Told)
                {
                    deviations.Add($"transaction {tx}: {step.Sql} told {step.Told}, serially {told}");
                }
            }

            oracle.Execute("COMMIT");
        }

        foreach (string table in (string[])["commits", "item", "child", "log", "sqlite_sequence"])
        {
            string here = look($"SELECT * FROM {table} ORDER BY rowid");
            string there = string.Join(';', Rows(oracle, $"SELECT * FROM {table} ORDER BY rowid", int.MaxValue, []));
            if (here.Replace("NULL", "", StringComparison.Ordinal) != there.Replace("NULL", "", StringComparison.Ordinal))
            {
                deviations.Add($"{table} holds {here}, serially {there}");
            }
        }

        return deviations;
    }

    /// <summary>Runs one.</summary>
    public void Transact(OrleansSqliteConnection connection, Random random)
    {
        long tx = Interlocked.Increment(ref numbers);
        var steps = begun[tx] = [];
        try
        {
            using var transaction = connection.BeginTransaction(deferred: random.Next(4) == 0);
            Do(new Step("INSERT INTO commits(tx) VALUES ($tx)", [("$tx", tx)]));
            for (int i = random.Next(1, 6); i > 0; i--)
            {
                foreach (var step in Next(random, steps))
                {
                    Do(step);
                }
            }

            transaction.Commit();
            applied[tx] = true;
            Interlocked.Increment(ref committed);
        }
        catch (OrleansSqliteException e) when (e.Kind is ErrorKind.Conflict or ErrorKind.Unavailable or ErrorKind.Corrupt)
        {
            if (e.OutcomeKnown)
            {
                applied[tx] = false;
            }
        }

        void Do(Step step)
        {
            steps.Add(step);
            step.Told = Tell(connection, step);
        }
    }

    private static IEnumerable<Step> Next(Random random, List<Step> before)
    {
        long id = random.Next(1, 9);
        string name = ((char)('a' + random.Next(12))).ToString();
        switch (random.Next(19))
        {
            case 0:
                return [new("INSERT INTO item(name, n) VALUES ($name, $n)", [("$name", name), ("$n", id)])];
            case 1:
                return [new("INSERT INTO item(name, n) VALUES ($name, 1) ON CONFLICT(name) DO UPDATE SET n = n + 1", [("$name", name)])];
            case 2:
                return [new("UPDATE item SET n = n + 1 WHERE id = $id", [("$id", id)])];
            case 3:
                return [new("UPDATE item SET n = n - 1 WHERE n > $n", [("$n", id)])];
            case 4:
                return [new("SELECT name, n, extra FROM item WHERE id = $id", [("$id", id)], 9)];
            case 5:
                return [new("SELECT id, n FROM item ORDER BY id", [], int.MaxValue)];
            case 6:
                return [new("SELECT id, name FROM item ORDER BY n DESC, id", [], random.Next(3))];
            case 7:
                return [new("SELECT count(*), sum(n) FROM item", [], 9)];
            case 8:
                return [new("INSERT INTO child(item, v) VALUES ($item, $v) RETURNING id, v", [("$item", id), ("$v", random.NextDouble())], 9)];
            case 9:
                return [new("DELETE FROM item WHERE id = $id AND n < 3", [("$id", id)])];
            case 10:
                return [new("SAVEPOINT s", []), new("INSERT INTO log VALUES ($line)", [("$line", $"undone {id}")]), new("ROLLBACK TO s", []), new("RELEASE s", [])];
            case 11:
                return [new("INSERT INTO log VALUES ($a); UPDATE item SET extra = $a WHERE id = $id", [("$a", 1.0 / id), ("$id", id)])];
            case 12:
                return [new("INSERT INTO child(item) VALUES ($item)", [("$item", id)]), new("SELECT last_insert_rowid()", [], 9)];
            case 13:
                return [new("INSERT INTO log VALUES ($blob)", [("$blob", new byte[] { (byte)id, 0, 255 })])];
            case 14:
                return [new("INSERT INTO log SELECT name || n FROM item WHERE n = $n", [("$n", id)])];
            case 15:
                return [new("INSERT OR IGNORE INTO item(name, n) VALUES ($name, 2)", [("$name", name)])];
            case 16:
                return [new("INSERT OR REPLACE INTO item(name, n) VALUES ($name, 2)", [("$name", name)])];
            case 17:
                return [new("INSERT INTO child(item, v) VALUES ($item, $v)", [("$item", id), ("$v", 990.0 + random.Next(20))])];
            default:
                // What was read is written back: the classic lost update.
                long seen = before.LastOrDefault(step => step.Sql.StartsWith("SELECT count", StringComparison.Ordinal))?.Told.Length ?? 0;
                return [new("UPDATE item SET n = $n WHERE id = $id", [("$n", seen), ("$id", id)])];
        }
    }

    private static string Tell(SqliteConnection connection, Step step)
    {
        try
        {
            return step.Rows > 0 || step.Sql.StartsWith("SELECT", StringComparison.Ordinal)
                ? string.Join(';', Rows(connection, step.Sql, step.Rows, step.Parameters))
                : step.Sql.StartsWith("SAVEPOINT", StringComparison.Ordinal) || step.Sql.StartsWith('R')
                    ? Nothing(connection.Execute(step.Sql))
                    : connection.Execute(step.Sql, step.Parameters).ToString(CultureInfo.InvariantCulture);
        }
        catch (SqliteException e) when (e is not OrleansSqliteException)
        {
            return $"{e.SqliteExtendedErrorCode} {e.Message}";
        }
    }

    /// <summary>The provider gives a stale count for savepoints.</summary>
    private static string Nothing(int stale) => stale < -1 ? "?" : "";

    private static List<string> Rows(SqliteConnection connection, string sql, int most, (string Name, object? Value)[] parameters)
    {
        using var command = Sql.Command(connection, sql, parameters);
        using var reader = command.ExecuteReader();
        List<string> rows = [];
        while (rows.Count < most && reader.Read())
        {
            var values = new object[reader.FieldCount];
            reader.GetValues(values);
            rows.Add(string.Join(',', values.Select(Text)));
        }

        return rows;
    }

    private static string Text(object value) => value switch
    {
        byte[] blob => $"X'{Convert.ToHexString(blob)}'",
        double real => real.ToString("R", CultureInfo.InvariantCulture),
        DBNull => "NULL",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    /// <summary>One statement, and what its caller was told.</summary>
    private sealed record Step(string Sql, (string Name, object? Value)[] Parameters, int Rows = 0)
    {
        public string Told { get; set; } = "";
    }
}
