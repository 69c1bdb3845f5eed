using OrleansSqlite.Format;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.TimeTravel;

/// <summary>Every version that was committed can be read as it was, wherever it stands by now: in the head, in a saved one, in a list of lists of these.</summary>
public sealed class TimeTravelTests
{
    private static readonly DatabaseOptions Small = new() { Threads = 2, InlineBytes = 1 << 10 };

    [Fact]
    public async Task Each_version_reads_as_it_was()
    {
        await using var scene = await Scene.WithAsync(2, Small, "CREATE TABLE t(v, w)");
        for (int i = 1; i <= 120; i++)
        {
            await scene[i % 2].RunAsync("INSERT INTO t VALUES (?, hex(randomblob(300)))", i);
        }

        var head = await scene.HeadAsync();
        Assert.Equal(121, head.Version);
        Assert.Contains(head.History!.Checkpoints, entry => entry.Level > 0);
        foreach (var process in scene.Processes)
        {
            for (long version = 1; version <= 121; version++)
            {
                Assert.Equal(version - 1, await CountAsync(process, ReadLevel.AtVersion(version)));
            }

            Assert.Equal(SqlValue.From(0), await process.Database.ScalarAsync("SELECT count(*) FROM sqlite_schema", ReadLevel.AtVersion(0)));
        }
    }

    [Fact]
    public async Task A_large_commit_and_a_new_page_size_are_versions_like_others()
    {
        await using var scene = await Scene.WithAsync(1, Small, "CREATE TABLE t(v, w)");
        await scene[0].RunAsync("INSERT INTO t VALUES (1, 0)");
        await scene[0].RunAsync("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3000) INSERT INTO t SELECT n, hex(randomblob(500)) FROM c");
        await scene[0].RunAsync("INSERT INTO t VALUES (2, 0)");
        await scene[0].Database.WriteAsync(db =>
        {
            using var command = db.CreateCommand();
            command.CommandText = "DELETE FROM t";
            return command.ExecuteNonQuery();
        });
        await scene[0].RunAsync("INSERT INTO t VALUES (3, 0)");

        long[] expected = [0, 1, 3001, 3002, 0, 1];
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], await CountAsync(scene[0], ReadLevel.AtVersion(i + 1)));
        }
    }

    [Fact]
    public async Task A_version_is_found_by_its_time()
    {
        await using var scene = new Scene(pumped: false);
        await scene.JoinAsync(Small);
        await scene[0].Engine.CreateAsync(Scene.Name);
        var began = scene.Time.GetUtcNow();
        for (int i = 0; i < 60; i++)
        {
            await scene[0].Database.ExecuteAsync(i == 0 ? "CREATE TABLE t(v, w)" : "INSERT INTO t VALUES (1, hex(randomblob(200)))");
            scene.Time.Advance(TimeSpan.FromMinutes(1));
        }

        for (int minute = 0; minute < 60; minute++)
        {
            Assert.Equal(minute, await CountAsync(scene[0], ReadLevel.AtTime(began + TimeSpan.FromMinutes(minute + 0.5))));
            Assert.Equal(minute, await CountAsync(scene[0], ReadLevel.AtTime(began + TimeSpan.FromMinutes(minute))));
        }

        Assert.Equal(59, await CountAsync(scene[0], ReadLevel.AtTime(began + TimeSpan.FromDays(1))));
        Assert.Equal(ErrorCodes.VersionGone, (await Process.FailureAsync(CountAsync(scene[0], ReadLevel.AtTime(began - TimeSpan.FromSeconds(1))))).Code);
    }

    [Fact]
    public async Task A_version_of_the_future_is_refused()
    {
        await using var scene = await Scene.WithAsync(1, Small, "CREATE TABLE t(v)");

        Assert.Equal(ErrorCodes.VersionNotReached, (await Process.FailureAsync(CountAsync(scene[0], ReadLevel.AtVersion(2)))).Code);
    }

    [Fact]
    public async Task A_head_stays_small_however_long_its_database_lives()
    {
        await using var scene = await Scene.WithAsync(1, Small, "CREATE TABLE t(id INTEGER PRIMARY KEY, w)");
        long largest = 0;
        for (int i = 0; i < 1500; i++)
        {
            await scene[0].RunAsync("INSERT OR REPLACE INTO t VALUES (?, hex(randomblob(400)))", i % 50);
            largest = Math.Max(largest, HeadCodec.ListBytes(await scene.HeadAsync()));
        }

        var checkpoints = (await scene.HeadAsync()).History!.Checkpoints;
        Assert.True(checkpoints.Length <= 3 * (CheckpointEntry.FanOut + 1), $"{checkpoints.Length} checkpoints");
        Assert.True(largest < 32 << 10, $"{largest} bytes");
        Assert.Equal(1501, (await ToListAsync(scene[0].Database.HistoryAsync())).Count);
    }

    [Fact]
    public async Task The_history_lists_each_version_once_newest_first()
    {
        await using var scene = await Scene.WithAsync(1, Small with { InlineBytes = 8 << 10 }, "CREATE TABLE t(v, w)");
        for (int i = 2; i <= 40; i++)
        {
            await scene[0].RunAsync("INSERT INTO t VALUES (1, hex(randomblob(300)))");
        }

        var versions = await ToListAsync(scene[0].Database.HistoryAsync());

        Assert.Equal(Enumerable.Range(1, 40).Reverse().Select(v => (long)v), versions.Select(v => v.Version));
        Assert.All(versions, version => Assert.True(version.Bytes >= 8192, version.ToString()));

        // A commit that moved the frames by itself has none of its own.
        Assert.InRange(versions.Count(version => version.ChangedPages > 0 && version.StoredBytes > 0), 30, 40);
        Assert.Equal(versions.Skip(25), await ToListAsync(scene[0].Database.HistoryAsync(below: 16)));
    }

    internal static async Task<long> CountAsync(Process process, ReadLevel level) =>
        (await process.Database.ScalarAsync("SELECT count(*) FROM t", level)).AsInteger();

    internal static async Task<List<T>> ToListAsync<T>(IAsyncEnumerable<T> items)
    {
        List<T> list = [];
        await foreach (var item in items)
        {
            list.Add(item);
        }

        return list;
    }
}
