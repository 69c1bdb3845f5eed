using System.Collections.Concurrent;
using System.Globalization;
using OrleansSqlite.Combining;
using OrleansSqlite.Tests.Faults;
using Xunit.Abstractions;

namespace OrleansSqlite.Tests.Data;

/// <summary>
/// Serializability by an oracle. With OSQL_LONG=1 it goes on for 20,000 commits; OSQL_SEED begins with that seed. Threads are real: a seed
/// repeats the transactions and the faults, not their exact order.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int CommitsOfASeed = 500;
    private static readonly int FirstSeed = int.Parse(Environment.GetEnvironmentVariable("OSQL_SEED") ?? "1", CultureInfo.InvariantCulture);
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("OSQL_LONG") == "1";

    private static readonly FaultRates Faults = new()
    {
        Busy = 0.03,
        ReplyLost = 0.04,
        RequestLost = 0.03,
        Late = 0.03,
        Echo = 0.02,
        Denied = 0.01,
        Truncated = 0.005,
        Flipped = 0.005,
        Slow = 0.3,
        MaxDelay = TimeSpan.FromMilliseconds(20),
    };

    [Fact]
    public async Task What_was_told_is_what_a_serial_run_tells()
    {
        int wanted = IsLong ? 20_000 : 2_000;
        int seed = FirstSeed;
        for (int commits = 0; commits < wanted; seed++)
        {
            await using var pair = await Pair.OpenAsync(Fuzz.Schema);
            var fuzz = Race(pair, seed, ignoresRows: false);
            output.WriteLine($"seed {seed}: {fuzz.Committed} commits, {fuzz.Refused} conflicts");
            Assert.Equal([], fuzz.Deviations(pair.Look));
            Assert.Equal("ok", pair.Look("PRAGMA integrity_check"));
            commits += fuzz.Committed;
        }
    }

    /// <summary>What is left to others is run by them, and told to those who left it.</summary>
    [Fact]
    public async Task So_it_is_in_a_crowd()
    {
        int wanted = IsLong ? 5_000 : 300;
        int seed = FirstSeed;
        for (int commits = 0; commits < wanted; seed++)
        {
            await using var pair = await Pair.OpenAsync(Fuzz.Schema, combine: true);
            await pair.CrowdAsync();
            var fuzz = new Fuzz();
            await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Factory.StartNew(
                () =>
                {
                    using var connection = pair.Join();
                    var random = new Random((seed * 10) + worker);
                    while (fuzz.Committed < 150)
                    {
                        fuzz.Transact(connection, random);
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)));
            Assert.Equal([], fuzz.Deviations(pair.Look));
            Assert.Equal("ok", pair.Look("PRAGMA integrity_check"));
            string carried = pair.Look($"SELECT count(*) FROM {InboxLog.Table} WHERE kind = {(int)InboxOutcomeKind.Done}");
            output.WriteLine($"seed {seed}: {fuzz.Committed} commits, {carried} carried, {fuzz.Refused} conflicts");
            Assert.True(int.Parse(carried, CultureInfo.InvariantCulture) > fuzz.Committed / 4, $"Only {carried} of {fuzz.Committed} were carried.");
            commits += fuzz.Committed;
        }
    }

    /// <summary>An oracle that notices nothing would pass the test above.</summary>
    [Fact]
    public async Task The_oracle_notices_when_rows_are_left_out_of_the_digest()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            await using var pair = await Pair.OpenAsync(Fuzz.Schema);
            if (Race(pair, seed, ignoresRows: true).Deviations(pair.Look).Count > 0)
            {
                return;
            }
        }

        Assert.Fail("Without the rows in the digest nothing deviated in 20 runs.");
    }

    [Fact]
    public async Task So_it_is_over_a_faulty_store_when_processes_die()
    {
        int wanted = IsLong ? 20_000 : 1_000;
        int seed = FirstSeed;
        for (int commits = 0; commits < wanted; seed++)
        {
            await using var scene = await Scene.WithAsync(1, Fuzz.Schema);
            var fuzz = new Fuzz();
            int[] deaths = await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => LiveAsync(scene, fuzz, new Random((seed * 10) + worker))));
            foreach (var process in scene.Processes)
            {
                process.Store.Rates = FaultRates.None;
                await process.Store.SettleAsync();
            }

            output.WriteLine($"seed {seed}: {fuzz.Committed} commits, {fuzz.Refused} refused, {fuzz.Unknown} unknown, {deaths.Sum()} deaths");
            var witness = await scene.JoinAsync();
            Assert.Equal([], fuzz.Deviations(sql => string.Join(';', witness.Database.QueryAllAsync(sql).GetAwaiter().GetResult().Select(row => string.Join(',', row)))));
            Assert.Equal("ok", Assert.Single(await witness.ColumnAsync("PRAGMA integrity_check")));
            Assert.True(fuzz.Committed > fuzz.Unknown, "Hardly anything was committed: the faults leave nothing to check.");
            commits += fuzz.Committed;
        }
    }

    /// <summary>Threads of two processes.</summary>
    private static Fuzz Race(Pair pair, int seed, bool ignoresRows)
    {
        var fuzz = new Fuzz();
        var failures = new ConcurrentQueue<Exception>();
        var threads = Enumerable.Range(0, 4).Select(worker => new Thread(() =>
        {
            try
            {
                var random = new Random((seed * 10) + worker);
                using var connection = worker % 2 == 0 ? pair.Connect() : pair.ConnectThere();
                connection.Execution!.Recorder.IgnoresRows = ignoresRows;
                while (fuzz.Committed < CommitsOfASeed && failures.IsEmpty)
                {
                    fuzz.Transact(connection, random);
                }
            }
            catch (Exception e)
            {
                failures.Enqueue(e);
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        return failures.IsEmpty ? fuzz : throw new AggregateException($"Seed {seed}", failures);
    }

    /// <summary>One process after the other, each with one thread, until it dies at a point of the commit path.</summary>
    private static async Task<int> LiveAsync(Scene scene, Fuzz fuzz, Random random)
    {
        for (int deaths = 0; ; deaths++)
        {
            int passings = random.Next(300);
            var death = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var process = await scene.JoinAsync(new DatabaseOptions { Threads = 2, InlineBytes = 8 << 10, RetryTime = TimeSpan.FromSeconds(30) }, async _ =>
            {
                if (Interlocked.Decrement(ref passings) < 0)
                {
                    death.TrySetResult();
                    await Task.Delay(Timeout.Infinite);
                }
            });
            process.Store.Rates = Faults;
            process.Database.Left.Crowd.Pretended = random.Next(3) == 0 ? true : null;
            var work = Task.Factory.StartNew(
                () =>
                {
                    using var source = OrleansSqliteDataSource.Create(process.Engine, $"Data Source={Scene.Name}");
                    using var connection = source.CreateConnection();
                    while (!TryOpen(connection))
                    {
                    }

                    while (fuzz.Committed < CommitsOfASeed)
                    {
                        fuzz.Transact(connection, random);
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            if (await Task.WhenAny(work, death.Task) == work)
            {
                await work;
                process.IsDead = Interlocked.Exchange(ref passings, int.MaxValue) < 0;
                return deaths;
            }

            process.IsDead = true;
        }
    }

    private static bool TryOpen(OrleansSqliteConnection connection)
    {
        try
        {
            connection.Open();
            return true;
        }
        catch (OrleansSqliteException e) when (e.Kind is ErrorKind.Unavailable or ErrorKind.Corrupt)
        {
            return false;
        }
    }
}
