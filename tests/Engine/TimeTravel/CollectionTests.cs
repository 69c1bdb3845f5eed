using OrleansSqlite.Commit;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.TimeTravel;

public sealed class CollectionTests
{
    private static readonly DatabaseOptions Small = new() { Threads = 2, InlineBytes = 1 << 10 };
    private readonly TaskCompletionSource collecting = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task What_is_older_than_the_retention_goes_and_the_rest_stays()
    {
        await using var scene = await ForkTests.WithRowsAsync(80);
        scene.Time.Advance(TimeSpan.FromDays(8));
        for (int i = 81; i <= 120; i++)
        {
            await scene[0].RunAsync("INSERT INTO t VALUES (?, hex(randomblob(300)))", i);
        }

        var would = await scene[0].Engine.CollectAsync(Scene.Name, dryRun: true);
        int before = (await ForkTests.KeysAsync(scene)).Length;
        Assert.Equal(0, (await scene[0].Engine.CollectAsync(Scene.Name)).Young - would.Young);
        int after = (await ForkTests.KeysAsync(scene)).Length;

        Assert.True(would.Deleted > 10, would.ToString());
        Assert.Equal(before - would.Deleted, after);
        Assert.InRange(would.OldestVersion, 60, 81);
        await using var fresh = await scene.JoinAsync(Small);
        for (long version = would.OldestVersion; version <= 121; version++)
        {
            Assert.Equal(version - 1, await TimeTravelTests.CountAsync(fresh, ReadLevel.AtVersion(version)));
        }

        // Who opened the database before the collection finds out what it can't read any more.
        foreach (var process in scene.Processes)
        {
            Assert.Equal(ErrorCodes.VersionGone, (await Process.FailureAsync(TimeTravelTests.CountAsync(process, ReadLevel.AtVersion(would.OldestVersion - 1)))).Code);
            Assert.Equal(120, await process.CountAsync("SELECT count(*) FROM t"));
        }
    }

    [Fact]
    public async Task A_named_snapshot_is_kept_until_it_is_dropped()
    {
        await using var scene = await ForkTests.WithRowsAsync(50);
        var made = await scene[0].Database.CreateSnapshotAsync("before-the-move", ReadLevel.AtVersion(20));
        Assert.Equal(("before-the-move", 20L), (made.Name, made.Version));
        await scene[0].RunAsync("DELETE FROM t");
        await ForgetAsync(scene);

        Assert.Equal([made], await scene[1].Database.ListSnapshotsAsync());
        Assert.Equal(19, await TimeTravelTests.CountAsync(scene[1], ReadLevel.AtSnapshot("before-the-move")));
        Assert.Equal(ErrorCodes.VersionGone, (await Process.FailureAsync(TimeTravelTests.CountAsync(scene[1], ReadLevel.AtVersion(20)))).Code);
        Assert.Equal(ErrorCodes.SnapshotName, (await Process.FailureAsync(scene[1].Database.CreateSnapshotAsync("before-the-move"))).Code);
        await scene[1].Engine.ForkAsync(Scene.Name, "copy", ReadLevel.AtSnapshot("before-the-move"));
        await scene[1].Database.RestoreAsync(ReadLevel.AtSnapshot("before-the-move"));
        await scene[1].Database.DropSnapshotAsync("before-the-move");
        await ForgetAsync(scene);

        Assert.Equal(19 + 6, await scene[0].CountAsync("SELECT count(*) FROM t"));
        Assert.Equal(19, (await scene[0].Engine.Open("copy").ScalarAsync("SELECT count(*) FROM t")).AsInteger());
        Assert.Equal(ErrorCodes.SnapshotName, (await Process.FailureAsync(TimeTravelTests.CountAsync(scene[1], ReadLevel.AtSnapshot("before-the-move")))).Code);
        Assert.Equal(ErrorCodes.SnapshotName, (await Process.FailureAsync(scene[1].Database.DropSnapshotAsync("before-the-move"))).Code);
    }

    /// <summary>Traps 8: a writer stalled across a collection swaps in a segment that was collected.</summary>
    [Fact]
    public async Task A_writer_that_was_stalled_across_a_collection_loses_and_uploads_anew()
    {
        await using var scene = await ForkTests.WithRowsAsync(5);
        var slow = await scene.JoinAsync(Small with { RetryTime = TimeSpan.FromDays(30) });
        await slow.Database.DescribeAsync();
        slow.Store.BeforeNext(StoreVerb.Swap, async () =>
        {
            scene.Time.Advance(TimeSpan.FromDays(1));
            var report = await scene[1].Engine.CollectAsync(Scene.Name);
            Assert.True(report.Deleted > 0, "What it has uploaded is old by now, and named by nothing.");
        });
        await slow.RunAsync("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3000) INSERT INTO t SELECT n, hex(randomblob(500)) FROM c");

        await using var fresh = await scene.JoinAsync(Small);
        Assert.Equal(3005, await fresh.CountAsync("SELECT count(*) FROM t"));
        Assert.Equal("ok", (await fresh.Database.ScalarAsync("PRAGMA integrity_check")).AsText());
    }

    /// <summary>Traps 9: a reader that holds a version from before flushes and collections reads on, within the retention.</summary>
    [Fact]
    public async Task A_slow_reader_finds_its_pages_for_as_long_as_the_history_is_kept()
    {
        await using var scene = await ForkTests.WithRowsAsync(30);
        await using var reader = await scene.JoinAsync(Small with { PageCacheBytes = 1 << 20 });
        await using var rows = await reader.Database.QueryAsync("SELECT v, w FROM t");
        long seen = 0;
        for (int day = 0; day < 6; day++)
        {
            for (int i = 0; i < 30; i++)
            {
                await scene[0].RunAsync("UPDATE t SET w = hex(randomblob(300))");
            }

            scene.Time.Advance(TimeSpan.FromDays(1));
            await scene[1].Engine.CollectAsync(Scene.Name);
        }

        while (await rows.ReadAsync() is { Count: > 0 } some)
        {
            seen += some.Count;
        }

        Assert.Equal(30, seen);
    }

    [Fact]
    public async Task An_import_onto_a_deleted_name_that_is_collected_meanwhile_uploads_anew()
    {
        await using var scene = await ForkTests.WithRowsAsync(40);
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.db");
        try
        {
            await scene[0].Engine.ExportAsync(Scene.Name, file);
            await scene[0].Engine.DeleteAsync(Scene.Name);
            scene[0].Store.BeforeNext(StoreVerb.Swap, async () =>
            {
                scene.Time.Advance(TimeSpan.FromDays(1));
                await scene[1].Engine.CollectAsync(Scene.Name);
            });

            await scene[0].Engine.ImportAsync(Scene.Name, file);
        }
        finally
        {
            File.Delete(file);
        }

        await using var fresh = await scene.JoinAsync(Small);
        Assert.Equal(40, await fresh.CountAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task What_a_writer_has_just_uploaded_is_left_alone()
    {
        await using var scene = await ForkTests.WithRowsAsync(5);
        Task? write = null;
        var collector = await scene.JoinAsync(Small, async point =>
        {
            if (point == CommitPoint.CollectionBegun && write is null)
            {
                // It stands on the head that began the collection, and has uploaded what its swap will name.
                var uploaded = new TaskCompletionSource();
                await scene[0].CountAsync("SELECT count(*) FROM t");
                var collected = collecting.Task;
                scene[0].Store.BeforeNext(StoreVerb.Swap, async () =>
                {
                    uploaded.SetResult();
                    await collected;
                });
                write = scene[0].RunAsync("INSERT INTO t SELECT 6, randomblob(300000)");
                await uploaded.Task;
            }
        });
        var report = await collector.Engine.CollectAsync(Scene.Name);
        collecting.SetResult();
        await write!;

        Assert.True(report.Young > 0);
        await using var fresh = await scene.JoinAsync(Small);
        Assert.Equal(6, await fresh.CountAsync("SELECT count(*) FROM t"));
        Assert.Equal("ok", (await fresh.Database.ScalarAsync("PRAGMA integrity_check")).AsText());
    }

    [Theory]
    [InlineData("CollectionBegun")]
    [InlineData("CollectionMarked")]
    public async Task A_collector_that_dies_leaves_the_rest_to_the_next_one(string at)
    {
        await using var scene = await ForkTests.WithRowsAsync(40);
        scene.Time.Advance(TimeSpan.FromDays(30));
        await scene[0].RunAsync("DELETE FROM t");
        await scene[0].RunAsync("INSERT INTO t SELECT 1, hex(randomblob(20000))");
        var died = new TaskCompletionSource();
        var mortal = await scene.JoinAsync(Small, async point =>
        {
            if (point.ToString() == at)
            {
                died.SetResult();
                await Task.Delay(Timeout.Infinite, CancellationToken.None);
            }
        });
        mortal.IsDead = true;
        _ = mortal.Engine.CollectAsync(Scene.Name);
        await died.Task;
        await scene[0].RunAsync("INSERT INTO t VALUES (2, 0)");

        Assert.True((await scene[1].Engine.CollectAsync(Scene.Name)).Deleted > 0);
        Assert.Equal(0, (await scene[1].Engine.CollectAsync(Scene.Name, dryRun: true)).Deleted);
        await using var fresh = await scene.JoinAsync(Small);
        Assert.Equal(2, await fresh.CountAsync("SELECT count(*) FROM t"));
    }

    /// <summary>Only the head can tell whether a missing object was collected: as long as it can't be read, nothing is called damaged.</summary>
    [Fact]
    public async Task A_missing_object_is_not_called_damaged_while_the_head_cannot_be_read()
    {
        await using var scene = await ForkTests.WithRowsAsync(60);
        var reader = await scene.JoinAsync(Small);
        await reader.Database.DescribeAsync();
        foreach (string key in (await ForkTests.KeysAsync(scene)).Where(key => key.Contains("/segments/", StringComparison.Ordinal)))
        {
            await scene.Memory.DeleteAsync(key, CancellationToken.None);
        }

        reader.Store.Always = request => request.Key == Scene.HeadKey ? new Fault(FaultKind.RequestLost) : Fault.None;
        var level = ReadLevel.StaleBy(TimeSpan.FromDays(10_000));
        Assert.Equal(ErrorCodes.StoreUnavailable, (await Process.FailureAsync(reader.Database.ScalarAsync("SELECT count(*) FROM t", level))).Code);
        reader.Store.Always = null;
        Assert.Equal(ErrorCodes.Damaged, (await Process.FailureAsync(reader.Database.ScalarAsync("SELECT count(*) FROM t", level))).Code);
    }

    /// <summary>Nobody knows what a saved head named that is lost, so nothing is deleted, until it has left with the history that is kept.</summary>
    [Fact]
    public async Task A_saved_head_that_is_lost_stops_collections_until_it_is_old()
    {
        await using var scene = await ForkTests.WithRowsAsync(60);
        var keys = new OrleansSqlite.Format.DatabaseKeys(Scene.Name);
        await scene.Memory.DeleteAsync(keys.Checkpoint((await scene.HeadAsync()).History!.Checkpoints[1].Id), CancellationToken.None);
        Assert.Equal(ErrorCodes.Damaged, (await Process.FailureAsync(scene[0].Engine.CollectAsync(Scene.Name))).Code);

        scene.Time.Advance(TimeSpan.FromDays(8));
        for (int i = 0; i < 2; i++)
        {
            await scene[0].RunAsync("INSERT INTO t SELECT 1, hex(randomblob(20000))");
            scene.Time.Advance(TimeSpan.FromDays(8));
        }

        Assert.True((await scene[0].Engine.CollectAsync(Scene.Name)).Deleted > 0);
        Assert.True((await scene[1].Engine.VerifyAsync(Scene.Name, history: true)).IsWhole);
    }

    private static async Task ForgetAsync(Scene scene)
    {
        for (int i = 0; i < 3; i++)
        {
            scene.Time.Advance(TimeSpan.FromDays(30));
            for (int j = 0; j < 2; j++)
            {
                await scene[0].RunAsync("INSERT INTO t SELECT 1, hex(randomblob(20000))");
            }

            await scene[0].Engine.CollectAsync(Scene.Name);
        }
    }
}
