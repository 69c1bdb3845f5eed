using System.Collections.Concurrent;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.TimeTravel;

/// <summary>
/// Any version that is kept, picked at random while others write, compact and collect, has exactly the rows that it had: compared with a model that knows no more
/// than which write was answered with which version. With OSQL_LONG=1 a thousand of them; OSQL_SEED begins with that seed.
/// </summary>
public sealed class RetainedVersionsTests
{
    private const int Writers = 4;
    private static readonly int Reads = Environment.GetEnvironmentVariable("OSQL_LONG") == "1" ? 1000 : 60;
    private static readonly DatabaseOptions Busy = new() { Threads = 2, InlineBytes = 2 << 10, CollectInterval = TimeSpan.FromHours(6), RetryTime = TimeSpan.FromDays(1000), RetryCount = 1_000_000 };
    private readonly ConcurrentBag<(long Version, Action<SortedDictionary<long, string>> Change)> written = [];
    private readonly ConcurrentDictionary<long, string> read = [];
    private volatile bool isOver;
    private int gone;

    [Fact]
    public async Task Each_has_the_rows_that_it_had()
    {
        ulong seed = ulong.TryParse(Environment.GetEnvironmentVariable("OSQL_SEED"), out ulong given) ? given : 1;
        await using var scene = await Scene.WithAsync(3, Busy, "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)");
        await scene[0].Database.SetRetentionAsync(TimeSpan.FromDays(2));
        var work = Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(scene[writer % 2], writer, new Random((int)seed + writer))))
            .Append(Task.Run(() => MaintainAsync(scene, new Random((int)seed + 100)))).ToArray();
        try
        {
            await ReadAsync(await scene.JoinAsync(Busy with { PageCacheBytes = 1 << 20 }), new Random((int)seed + 200), work);
        }
        finally
        {
            isOver = true;
        }

        await Task.WhenAll(work);
        Check(seed);
        var report = await scene[2].Engine.VerifyAsync(Scene.Name, history: true);
        Assert.True(report.IsWhole, string.Join("; ", report.Findings));
    }

    /// <summary>Rows of its own, so that the order of writes within one version does not matter.</summary>
    private async Task WriteAsync(Process process, int writer, Random random)
    {
        List<long> own = [];
        for (long number = 0; !isOver; number++)
        {
            long id = (number * Writers) + writer;
            string value = $"{id}.{new string((char)('a' + (number % 26)), random.Next(400))}";
            if (own.Count > 3 && random.Next(3) > 0)
            {
                int which = random.Next(own.Count);
                long old = own[which];
                if (random.Next(3) == 0)
                {
                    own.RemoveAt(which);
                    written.Add((await VersionAsync(process, "DELETE FROM t WHERE id = ?", old), rows => rows.Remove(old)));
                }
                else
                {
                    written.Add((await VersionAsync(process, "UPDATE t SET v = ? WHERE id = ?", value, old), rows => rows[old] = value));
                }
            }
            else
            {
                own.Add(id);
                written.Add((await VersionAsync(process, "INSERT INTO t VALUES (?, ?)", id, value), rows => rows[id] = value));
            }
        }
    }

    private static async Task<long> VersionAsync(Process process, string sql, params object?[] parameters) =>
        (await process.Database.ExecuteAsync(new Batch([new Statement(sql, parameters)]))).Version;

    private async Task MaintainAsync(Scene scene, Random random)
    {
        while (!isOver)
        {
            scene.Time.Advance(TimeSpan.FromHours(random.NextDouble()));
            if (random.Next(3) == 0)
            {
                await scene[2].Engine.CompactAsync(Scene.Name);
            }
            else
            {
                await scene[2].Engine.CollectAsync(Scene.Name);
            }

            long version = (await scene[2].Database.DescribeAsync()).Version;
            await Task.Run(() => SpinWait.SpinUntil(() => isOver || scene[2].Database.KnownVersion > version + 5 || scene[0].Database.KnownVersion > version + 20, TimeSpan.FromSeconds(5)));
        }
    }

    private async Task ReadAsync(Process process, Random random, Task[] work)
    {
        while (read.Count < Reads)
        {
            var failed = work.FirstOrDefault(each => each.IsFaulted);
            await (failed ?? Task.CompletedTask);
            var now = await process.Database.DescribeAsync();
            long version = random.NextInt64(Math.Max(1, now.OldestVersion), now.Version + 1);
            try
            {
                var rows = await process.Database.QueryAllAsync("SELECT id, v FROM t ORDER BY id", ReadLevel.AtVersion(version));
                read[version] = string.Join('\n', rows.Select(row => $"{row[0].AsInteger()}|{row[1].AsText()}"));
            }
            catch (DatabaseException e) when (e.Code is ErrorCodes.VersionGone or ErrorCodes.SnapshotTooOld)
            {
                // It was the oldest, and a collection came between. That is rare.
                gone++;
            }
        }
    }

    private void Check(ulong seed)
    {
        var order = written.OrderBy(write => write.Version).ToArray();
        var rows = new SortedDictionary<long, string>();
        int next = 0;
        foreach (var (version, found) in read.OrderBy(each => each.Key))
        {
            for (; next < order.Length && order[next].Version <= version; next++)
            {
                order[next].Change(rows);
            }

            Assert.True(string.Join('\n', rows.Select(row => $"{row.Key}|{row.Value}")) == found, $"Version {version} is not what it was. OSQL_SEED={seed}");
        }

        Assert.True(gone < Reads, $"{gone} of {Reads} versions were gone");
    }
}
