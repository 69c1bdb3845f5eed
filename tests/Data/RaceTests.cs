using System.Collections.Concurrent;

namespace OrleansSqlite.Tests.Data;

/// <summary>
/// Threads of two processes race for the same rows. With OSQL_LONG=1 there are ten times as many transactions.
/// </summary>
public sealed class RaceTests
{
    private const int Threads = 4;
    private static readonly int Each = Environment.GetEnvironmentVariable("OSQL_LONG") == "1" ? 2_500 : 250;

    [Fact]
    public async Task Inserts_never_conflict()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, who, number)");
        var (successes, conflicts) = Race(pair, (connection, worker, number) =>
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute("INSERT INTO t(who, number) VALUES ($who, $number)", ("$who", worker), ("$number", number));
            transaction.Commit();
        });
        Assert.Equal((Threads * Each, 0), (successes, conflicts));
        Assert.Equal($"{Threads * Each},{Threads * Each},1,{Threads * Each}", pair.Look("SELECT count(*), count(DISTINCT who * 1000000 + number), min(id), max(id) FROM t"));
    }

    [Fact]
    public async Task Inserts_by_themselves_never_conflict_and_tell_their_own_id()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, who, number)");
        var told = new ConcurrentDictionary<long, (int, int)>();
        var (successes, conflicts) = Race(pair, (connection, worker, number) =>
            Assert.True(told.TryAdd((long)connection.Scalar("INSERT INTO t(who, number) VALUES ($who, $number) RETURNING id", ("$who", worker), ("$number", number))!, (worker, number))));
        Assert.Equal((Threads * Each, 0), (successes, conflicts));
        Assert.Equal(
            string.Join(';', told.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key},{pair.Value.Item1},{pair.Value.Item2}")),
            pair.Look("SELECT id, who, number FROM t ORDER BY id"));
    }

    [Fact]
    public async Task Blind_updates_never_conflict_and_are_never_lost()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(n); INSERT INTO t VALUES (0)");
        var (successes, conflicts) = Race(pair, (connection, _, _) =>
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute("UPDATE t SET n = n + 1");
            transaction.Commit();
        });
        Assert.Equal((Threads * Each, 0), (successes, conflicts));
        Assert.Equal($"{Threads * Each}", pair.Look("SELECT n FROM t"));
    }

    [Fact]
    public async Task Updates_from_what_was_read_are_never_lost()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(n); INSERT INTO t VALUES (0)");
        var (successes, conflicts) = Race(pair, (connection, _, _) =>
        {
            using var transaction = connection.BeginTransaction();
            long n = (long)connection.Scalar("SELECT n FROM t")!;
            connection.Execute("UPDATE t SET n = $n", ("$n", n + 1));
            transaction.Commit();
        });
        Assert.Equal($"{successes}", pair.Look("SELECT n FROM t"));
        Assert.True(successes > 0 && conflicts > 0 && successes + conflicts == Threads * Each, $"{successes} successes, {conflicts} conflicts");
    }

    [Fact]
    public async Task There_is_no_write_skew()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE account(id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO account VALUES (0, 100), (1, 100)");
        Race(pair, (connection, worker, number) =>
        {
            using var transaction = connection.BeginTransaction();
            long joint = (long)connection.Scalar("SELECT sum(n) FROM account")!;
            connection.Execute(
                joint >= 100 ? "UPDATE account SET n = n - 100 WHERE id = $id" : "UPDATE account SET n = n + 100 WHERE id = $id",
                ("$id", (worker + number) % 2));
            transaction.Commit();
            Assert.True(joint >= 0);
        });
        Assert.Contains(pair.Look("SELECT sum(n) FROM account"), (string[])["0", "100", "200"]);
    }

    [Fact]
    public async Task There_is_no_phantom()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE seat(number, who)");
        Race(pair, (connection, worker, number) =>
        {
            using var transaction = connection.BeginTransaction();
            if (connection.Scalar("SELECT 1 FROM seat WHERE number = $number", ("$number", number)) is null)
            {
                connection.Execute("INSERT INTO seat VALUES ($number, $who)", ("$number", number), ("$who", worker));
            }

            transaction.Commit();
        });
        Assert.Equal("", pair.Look("SELECT number FROM seat GROUP BY number HAVING count(*) > 1"));
    }

    private static (int Successes, int Conflicts) Race(Pair pair, Action<OrleansSqliteConnection, int, int> transact)
    {
        int successes = 0;
        int conflicts = 0;
        var failures = new ConcurrentQueue<Exception>();
        using var start = new Barrier(Threads);
        var threads = Enumerable.Range(0, Threads).Select(worker => new Thread(() =>
        {
            try
            {
                using var connection = worker % 2 == 0 ? pair.Connect() : pair.ConnectThere();
                start.SignalAndWait();
                for (int number = 0; number < Each; number++)
                {
                    try
                    {
                        transact(connection, worker, number);
                        Interlocked.Increment(ref successes);
                    }
                    catch (OrleansSqliteException e) when (e.Kind == ErrorKind.Conflict)
                    {
                        Interlocked.Increment(ref conflicts);
                    }
                }
            }
            catch (Exception e)
            {
                failures.Enqueue(e);
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal([], failures);
        return (successes, conflicts);
    }
}
