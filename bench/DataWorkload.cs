using System.Diagnostics;
using System.Runtime;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Bench;

/// <summary>
/// Connections of ADO.NET beside plain Microsoft.Data.Sqlite on a file in WAL mode: what recording costs. The two take turns in
/// short rounds; the ratio is the median of the rounds'. No store is waited for: it is in memory, and reads are stale by a minute
/// at most. Its own work counts (a copy of each head and its tag, a SHA-256), as the peer's writing of its log does; what the peer waits
/// for its disk does not, since it is processor time that is measured. "Rolled back" is what a transaction costs without its COMMIT,
/// and so without thread hops, packing of pages and the store: what recording costs a writer.
/// </summary>
internal sealed class DataWorkload(Settings settings, Table table, SqliteConnection plain, OrleansSqliteConnection stored, OrleansSqliteConnection unrecorded)
{
    private const int Rows = 10_000;
    private const int Rounds = 45;

    /// <summary>So few methods compiled during a pass of the warm-up: the compiler has nothing left that counts.</summary>
    private const int SettledMethods = 10;
    private const string PointSql = "SELECT v FROM t WHERE id = $id";
    private const string Script = """
        CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, v TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
          INSERT INTO t SELECT i, i * 7919 % 10000, 'value ' || i || ' ' || hex(randomblob(40)) FROM n;
        CREATE TABLE written(id INTEGER PRIMARY KEY, a, b, c);
        """;

    private uint state = 1;

    public static async Task RunAsync(Settings settings, Table table)
    {
        var folder = Directory.CreateTempSubdirectory("orleans-sqlite-bench-");
        try
        {
            await using var plain = new SqliteConnection($"Data Source={Path.Combine(folder.FullName, "plain.db")}");
            await plain.OpenAsync();
            Execute(plain, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + Script);
            await using var engine = await DatabaseEngine.OpenAsync(new MemoryStore());
            await using var source = OrleansSqliteDataSource.Create(engine, "Data Source=bench;Read Level=stale by 1m");
            await using var stored = await source.OpenConnectionAsync();
            Execute(stored, Script);
            await using var second = OrleansSqliteDataSource.Create(engine, "Data Source=bench;Read Level=stale by 1m;Record Bytes=0");
            await using var unrecorded = await second.OpenConnectionAsync();
            var workload = new DataWorkload(settings, table, plain, stored, unrecorded);
            workload.Compare("point SELECT, outside of a transaction", connection => workload.Points(connection, 1_000, inTransaction: false));
            workload.Compare("point SELECT, in a transaction", connection => workload.Points(connection, 1_000, inTransaction: true));
            workload.Compare("1,000 rows read in a transaction", Scan);
            workload.Compare("1,000 inserts in a transaction, one command", connection => Insert(connection, anew: false));
            workload.Compare("1,000 inserts in a transaction, a command each", connection => Insert(connection, anew: true));
            workload.Compare("1,000 inserts in a transaction, rolled back", connection => Insert(connection, anew: false, commits: false));
            workload.Compare("open, SELECT 1, close", connection => Open(connection, source));
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            folder.Delete(recursive: true);
        }
    }

    private void Compare(string name, Action<SqliteConnection> work)
    {
        if (!settings.Wants(name))
        {
            return;
        }

        WarmUp(work);
        var bound = settings.Length / (3 * Rounds);
        var rounds = Enumerable.Range(0, Rounds).Select(_ => (
            Stored: Measure(stored, work, bound), Unrecorded: Measure(unrecorded, work, bound), Plain: Measure(plain, work, bound))).ToArray();
        table.Add(
            name,
            ("plain µs", Median(rounds.Select(round => round.Plain))),
            ("stored µs", Median(rounds.Select(round => round.Stored))),
            ("not recorded µs", Median(rounds.Select(round => round.Unrecorded))),
            ("stored / plain", Median(rounds.Select(round => round.Stored / round.Plain))),
            ("recorded / not", Median(rounds.Select(round => round.Stored / round.Unrecorded))));
    }

    /// <summary>
    /// Until the compiler is through with all three: it works in the background, on the same processor time, and for the stored
    /// ones it has the whole commit path to go through, again and again as it learns what is called often.
    /// </summary>
    private void WarmUp(Action<SqliteConnection> work)
    {
        long began = Stopwatch.GetTimestamp();
        long compiled;
        do
        {
            compiled = JitInfo.GetCompiledMethodCount();
            _ = Measure(plain, work, settings.Length / 24);
            _ = Measure(unrecorded, work, settings.Length / 24);
            _ = Measure(stored, work, settings.Length / 24);
        }
        while (JitInfo.GetCompiledMethodCount() > compiled + SettledMethods && Stopwatch.GetElapsedTime(began) < settings.Length * 3);
    }

    /// <summary>The processor time of one piece of work: on a busy machine the time on the wall says little.</summary>
    private static double Measure(SqliteConnection connection, Action<SqliteConnection> work, TimeSpan bound)
    {
        var cpu = Environment.CpuUsage.TotalTime;
        long began = Stopwatch.GetTimestamp();
        int count = 0;
        do
        {
            work(connection);
            count++;
        }
        while (Stopwatch.GetElapsedTime(began) < bound);
        return (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / count;
    }

    private void Points(SqliteConnection connection, int count, bool inTransaction)
    {
        using var transaction = inTransaction ? connection.BeginTransaction(deferred: true) : null;
        using var command = connection.CreateCommand();
        command.CommandText = PointSql;
        var id = command.Parameters.Add("$id", SqliteType.Integer);
        for (int i = 0; i < count; i++)
        {
            state = (state * 1_664_525) + 1_013_904_223;
            id.Value = (long)(state % Rows) + 1;
            using var reader = command.ExecuteReader();
            _ = reader.Read() ? reader.GetString(0) : throw new InvalidOperationException("A row is missing.");
        }

        transaction?.Commit();
    }

    private static void Scan(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction(deferred: true);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT id, k, v FROM t WHERE id <= 1000";
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                _ = reader.GetInt64(0) + reader.GetInt64(1) + reader.GetString(2).Length;
            }
        }

        transaction.Commit();
    }

    private static void Insert(SqliteConnection connection, bool anew, bool commits = true)
    {
        using var transaction = connection.BeginTransaction();
        SqliteCommand? command = null;
        for (int i = 0; i < 1_000; i++)
        {
            if (command is null || anew)
            {
                command?.Dispose();
                command = connection.CreateCommand();
                command.CommandText = "INSERT INTO written(a, b, c) VALUES ($a, $b, $c)";
                command.Parameters.AddWithValue("$a", i);
                command.Parameters.AddWithValue("$b", "some text");
                command.Parameters.AddWithValue("$c", 1.5);
            }

            command.Parameters[0].Value = i;
            command.ExecuteNonQuery();
        }

        command!.Dispose();
        if (!commits)
        {
            transaction.Rollback();
            return;
        }

        Execute(connection, "DELETE FROM written");
        transaction.Commit();
    }

    private static void Open(SqliteConnection connection, OrleansSqliteDataSource source)
    {
        using var opened = connection is OrleansSqliteConnection ? source.CreateConnection() : new SqliteConnection(connection.ConnectionString + ";Pooling=False");
        opened.Open();
        Execute(opened, "SELECT 1");
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
