using System.Diagnostics;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Bench;

/// <summary>
/// Hot reads beside a plain SQLite file in WAL mode, both through Microsoft.Data.Sqlite. The two take turns in short rounds, so that
/// whatever else the machine does meets both; the ratio is the median of the rounds'. The ratio by CPU time holds on a busy machine, too.
/// </summary>
internal sealed class ReadsWorkload : IAsyncDisposable
{
    private const int Rows = 100_000;
    private const int RangeRows = 100;
    private const int Rounds = 9;
    private const int Piece = 500;
    private const string PointSql = "SELECT v FROM t WHERE id = $id";
    private const string RangeSql = "SELECT id, v FROM t WHERE id BETWEEN $id AND $id + 99";

    private const string Script = """
        CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, v TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
          INSERT INTO t SELECT i, i * 7919 % 100000, 'value ' || i || ' ' || hex(randomblob(40)) FROM n;
        CREATE INDEX t_k ON t(k);
        """;

    private readonly DatabaseEngine engine;
    private readonly EngineDatabase database;
    private readonly SqliteConnection plain;
    private readonly string plainSource;
    private readonly Settings settings;
    private readonly TimeSpan round;
    private readonly Table table;
    private uint state = 1;

    private ReadsWorkload(DatabaseEngine engine, SqliteConnection plain, string plainSource, Settings settings, Table table)
    {
        this.engine = engine;
        this.plain = plain;
        this.plainSource = plainSource;
        this.settings = settings;
        round = settings.Length / (2 * Rounds);
        this.table = table;
        database = engine.Open("bench");
    }

    public static async Task RunAsync(Settings settings, Table table)
    {
        var folder = Directory.CreateTempSubdirectory("orleans-sqlite-bench-");
        try
        {
            string source = $"Data Source={Path.Combine(folder.FullName, "plain.db")}";
            await using var plain = new SqliteConnection(source);
            await plain.OpenAsync();
            Execute(plain, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
            Execute(plain, Script);
            var engine = await DatabaseEngine.OpenAsync(new MemoryStore());
            await engine.ImportAsync("bench", Path.Combine(folder.FullName, "plain.db"));
            await using var workload = new ReadsWorkload(engine, plain, source, settings, table);
            await workload.MeasureAsync();
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            folder.Delete(recursive: true);
        }
    }

    public async ValueTask DisposeAsync() => await engine.DisposeAsync();

    private async Task MeasureAsync()
    {
        await CompareAsync("point SELECT", InClosure(Points), OnPlain(Points));
        await CompareAsync("point SELECT, in a transaction", InClosure(PointsInTransaction), OnPlain(PointsInTransaction));
        await CompareAsync("100 rows by range", InClosure(Ranges), OnPlain(Ranges));
        await CompareAsync("full scan", InClosure(Scan), OnPlain(Scan));
        Execute(plain, "PRAGMA mmap_size = 1073741824");
        await CompareAsync("point SELECT, plain one with mmap", InClosure(Points), OnPlain(Points));
        await CompareAsync("point SELECT in a transaction, plain one with mmap", InClosure(PointsInTransaction), OnPlain(PointsInTransaction));
        Execute(plain, "PRAGMA mmap_size = 0");

        // What a caller pays for one read: a closure has a connection of its own, the plain one comes from its pool.
        await CompareAsync("one point SELECT for each ReadAsync", OneClosureEach, OneConnectionEach);
        await CompareAsync("one point SELECT for each QueryAsync", OneQueryEach(PointSql), OneConnectionEach);
        await CompareAsync("100 rows for each QueryAsync", OneQueryEach(RangeSql), OneRangeEach);
    }

    /// <summary>Both sides give the number of reads that they made.</summary>
    private async Task CompareAsync(string name, Func<Task<long>> ours, Func<Task<long>> theirs)
    {
        if (!settings.Wants(name))
        {
            return;
        }

        await MeasureAsync(ours);
        await MeasureAsync(theirs);
        var rounds = new List<(Rate Ours, Rate Theirs)>();
        for (int i = 0; i < Rounds; i++)
        {
            var first = await MeasureAsync(ours);
            var second = await MeasureAsync(theirs);
            rounds.Add((first, second));
        }

        table.Add(
            name,
            ("reads/s", Median(rounds.Select(pair => pair.Ours.PerSecond))),
            ("plain reads/s", Median(rounds.Select(pair => pair.Theirs.PerSecond))),
            ("× plain", Median(rounds.Select(pair => pair.Ours.PerSecond / pair.Theirs.PerSecond))),
            ("CPU µs", Median(rounds.Select(pair => pair.Ours.CpuMicroseconds))),
            ("plain CPU µs", Median(rounds.Select(pair => pair.Theirs.CpuMicroseconds))),
            ("× plain by CPU", Median(rounds.Select(pair => pair.Theirs.CpuMicroseconds / pair.Ours.CpuMicroseconds))));
    }

    private async Task<Rate> MeasureAsync(Func<Task<long>> reads)
    {
        long began = Stopwatch.GetTimestamp();
        var cpu = Environment.CpuUsage.TotalTime;
        long count = 0;
        do
        {
            count += await reads();
        }
        while (Stopwatch.GetElapsedTime(began) < round);
        return new(count / Stopwatch.GetElapsedTime(began).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / count);
    }

    // The piece is long enough that opening the connection of a closure does not count.
    private Func<Task<long>> InClosure(Func<SqliteConnection, int, long> reads) =>
        () => database.ReadAsync(connection => reads(connection, 20 * Piece), ReadLevel.AtLeast(0));

    // On a thread of its own kind as well: what is compared is SQLite, not the scheduling.
    private Func<Task<long>> OnPlain(Func<SqliteConnection, int, long> reads) => () => Task.Run(() => reads(plain, 20 * Piece));

    private long Points(SqliteConnection connection, int count)
    {
        using var command = connection.CreateCommand();
        command.CommandText = PointSql;
        var id = command.Parameters.AddWithValue("$id", 0L);
        long length = 0;
        for (int i = 0; i < count; i++)
        {
            id.Value = NextId();
            length += ((string)command.ExecuteScalar()!).Length;
        }

        return length > 0 ? count : throw new InvalidOperationException("Nothing was read.");
    }

    private long PointsInTransaction(SqliteConnection connection, int count)
    {
        using var transaction = connection.BeginTransaction(deferred: true);
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = PointSql;
        var id = command.Parameters.AddWithValue("$id", 0L);
        for (int i = 0; i < count; i++)
        {
            id.Value = NextId();
            _ = (string)command.ExecuteScalar()!;
        }

        return count;
    }

    private long Ranges(SqliteConnection connection, int count)
    {
        using var command = connection.CreateCommand();
        command.CommandText = RangeSql;
        var id = command.Parameters.AddWithValue("$id", 0L);
        for (int i = 0; i < count / RangeRows; i++)
        {
            id.Value = NextId();
            Drain(command);
        }

        return count / RangeRows;
    }

    private long Scan(SqliteConnection connection, int count)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT sum(length(v)) FROM t NOT INDEXED";
        _ = command.ExecuteScalar();
        return 1;
    }

    private async Task<long> OneClosureEach()
    {
        for (int i = 0; i < Piece; i++)
        {
            await database.ReadAsync(connection => Points(connection, 1), ReadLevel.AtLeast(0));
        }

        return Piece;
    }

    private Func<Task<long>> OneQueryEach(string sql) => async () =>
    {
        for (int i = 0; i < Piece; i++)
        {
            var query = Statement.WithNames(sql, new Dictionary<string, SqlValue> { ["$id"] = SqlValue.From(NextId()) });
            await database.QueryAllAsync(query, ReadLevel.AtLeast(0));
        }

        return Piece;
    };

    private Task<long> OneConnectionEach() => Task.Run(() => OneConnectionEach(connection => Points(connection, 1)));

    private Task<long> OneRangeEach() => Task.Run(() => OneConnectionEach(connection => Ranges(connection, RangeRows)));

    private long OneConnectionEach(Func<SqliteConnection, long> read)
    {
        for (int i = 0; i < Piece; i++)
        {
            using var connection = new SqliteConnection(plainSource);
            connection.Open();
            read(connection);
        }

        return Piece;
    }

    private static void Drain(SqliteCommand command)
    {
        using var reader = command.ExecuteReader();
        int rows = 0;
        while (reader.Read())
        {
            _ = reader.GetInt64(0);
            _ = reader.GetString(1);
            rows++;
        }

        if (rows != RangeRows)
        {
            throw new InvalidOperationException($"{rows} rows came.");
        }
    }

    /// <summary>A row that is there, with the 99 behind it; the same sequence for both sides.</summary>
    private long NextId()
    {
        state = unchecked((state * 1664525) + 1013904223);
        return 1 + (state % (Rows - RangeRows));
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>How fast reads are, and what one costs.</summary>
    private readonly record struct Rate(double PerSecond, double CpuMicroseconds);
}
