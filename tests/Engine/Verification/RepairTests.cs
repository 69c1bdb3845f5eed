using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;
using OrleansSqlite.Tests.TimeTravel;
using OrleansSqlite.Verification;

namespace OrleansSqlite.Tests.Verification;

public sealed class RepairTests
{
    private static readonly DatabaseOptions Small = new() { Threads = 2, InlineBytes = 1 << 10 };

    [Fact]
    public async Task What_is_whole_is_not_repaired()
    {
        var (scene, _) = await Damage.SceneAsync(20);
        await using var held = scene;
        Assert.Equal(ErrorCodes.NothingToRepair, (await Process.FailureAsync(scene[0].Engine.RepairAsync(Scene.Name))).Code);

        // Nor is one of which only the past is damaged.
        var keys = new DatabaseKeys(Scene.Name);
        await new Damage(scene, 1).DoAsync(keys.Checkpoint((await scene.HeadAsync()).History!.Checkpoints[0].Id), Harm.Truncate, []);
        var error = await Process.FailureAsync(scene[0].Engine.RepairAsync(Scene.Name));
        Assert.Equal(ErrorCodes.NothingToRepair, error.Code);
        Assert.Contains("/checkpoints/", error.Message, StringComparison.Ordinal);
        Assert.Equal(21, (await scene.HeadAsync()).Version);
    }

    /// <summary>Whatever is done to whichever object that the newest version needs: the rows of the newest whole version come back, and no others.</summary>
    [Theory]
    [InlineData(Harm.Flip, 1)]
    [InlineData(Harm.Flip, 2)]
    [InlineData(Harm.Truncate, 3)]
    [InlineData(Harm.Remove, 4)]
    [InlineData(Harm.Swap, 5)]
    public async Task The_rows_of_the_newest_whole_version_come_back(Harm harm, ulong seed)
    {
        int repaired = 0;
        for (int which = 0; which < 8; which++)
        {
            var (scene, model) = await Damage.SceneAsync(40);
            await using var _ = scene;
            var head = await scene.HeadAsync();
            string key = which == 0 || head.Segments.Length == 0 ? Scene.HeadKey : new DatabaseKeys(Scene.Name).Segment(head.Segments[which % head.Segments.Length].Id);
            string[] others = [.. (await Damage.NamedAsync(scene)).Where(other => other != key && !other.Contains("/checkpoints/", StringComparison.Ordinal))];
            if (await new Damage(scene, seed + (ulong)which * 100).DoAsync(key, harm, others) is null)
            {
                continue;
            }

            var before = await scene[1].Engine.VerifyAsync(Scene.Name, history: true);
            RepairReport would;
            try
            {
                would = await scene[1].Engine.RepairAsync(Scene.Name, dryRun: true);
            }
            catch (DatabaseException e) when (e.Code == ErrorCodes.NothingToRepair)
            {
                // Of a page that a newer frame has superseded, say.
                continue;
            }

            string[] objects = await ForkTests.KeysAsync(scene);
            var done = await scene[1].Engine.RepairAsync(Scene.Name);

            Assert.Equal(would with { Version = done.Version, Findings = done.Findings }, done);
            Assert.Null(would.Version);
            Assert.True(done.Version > model.Keys.Max());
            Assert.True(key == Scene.HeadKey || done.Source >= before.Versions.Where(run => run.IsWhole && run.Snapshot is null).Max(run => run.Last), $"{done}");
            await using var fresh = await scene.JoinAsync(Small);
            Assert.Equal(model[done.Source], await Damage.RowsAsync(fresh, ReadLevel.Strong));
            Assert.True((await fresh.Engine.VerifyAsync(Scene.Name)).IsWhole);
            Assert.Equal([], objects.Except(await ForkTests.KeysAsync(scene)));
            await GoesOnAsync(scene, fresh, done, model);
            repaired++;
        }

        Assert.True(repaired >= 3, $"{repaired}");
    }

    /// <summary>Every byte of a small head: nothing is lost but frames that are damaged themselves, and what follows them.</summary>
    [Fact]
    public async Task Of_a_damaged_head_the_commits_in_its_whole_frames_come_back()
    {
        var (scene, model) = await Damage.SceneAsync(40, 16 << 10);
        await using var _ = scene;
        byte[] content = (await scene.Memory.ReadAsync(Scene.HeadKey, null, CancellationToken.None)).Content.ToArray();
        var head = await scene.HeadAsync();
        long lists = HeadCodec.ListBytes(head);
        int lost = 0;

        // A flush that is under way has saved the head that it began on.
        long saved = 0;
        await foreach (var listed in scene.Memory.ListAsync($"{Scene.Name}/checkpoints/", CancellationToken.None))
        {
            var found = await scene.Memory.ReadAsync(listed.Key, null, CancellationToken.None);
            saved = Math.Max(saved, HeadCodec.Decode(found.Content, listed.Key).Version);
        }

        for (int at = 0; at < content.Length; at += 37)
        {
            byte[] damaged = [.. content];
            damaged[at] ^= 0x10;
            await scene.Memory.WriteAsync(Scene.HeadKey, damaged, CancellationToken.None);

            var would = await scene[1].Engine.RepairAsync(Scene.Name, dryRun: true);

            Assert.True(would.IsHeadDamaged);
            long expected = head.Version;
            if (at >= lists)
            {
                long end = lists;
                expected = head.FirstFrameVersion - 2;
                foreach (var frame in head.Frames)
                {
                    end += frame.Bytes.Length;
                    expected++;
                    if (at < end)
                    {
                        break;
                    }
                }
            }

            expected = Math.Max(expected, saved);
            Assert.True(expected == would.Source, $"byte {at} of {lists} and {content.Length}: {would.Source}, not {expected}; {string.Join("; ", would.Findings)}");
            lost += at >= lists ? 1 : 0;
        }

        Assert.True(lost > 5);
        await scene.Memory.WriteAsync(Scene.HeadKey, content.AsMemory(1), CancellationToken.None);
        var done = await scene[1].Engine.RepairAsync(Scene.Name);
        await using var fresh = await scene.JoinAsync(Small);
        Assert.Equal(model[model.Keys.Max()], await Damage.RowsAsync(fresh, ReadLevel.Strong));
        Assert.Equal(model.Keys.Max(), done.Source);
        Assert.Contains(await ForkTests.KeysAsync(scene), key => key.StartsWith("app/damaged/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_young_database_comes_back_from_the_frames_of_its_head_alone()
    {
        await using var scene = await Scene.WithAsync(2, "CREATE TABLE t(v)");
        for (int i = 0; i < 5; i++)
        {
            await scene[0].RunAsync("INSERT INTO t VALUES (?)", i);
        }

        await scene.Memory.WriteAsync(Scene.HeadKey, (await scene.Memory.ReadAsync(Scene.HeadKey, null, CancellationToken.None)).Content.ToArray().Select((b, i) => i == 60 ? (byte)9 : b).ToArray(), CancellationToken.None);
        var done = await scene[1].Engine.RepairAsync(Scene.Name);

        Assert.Equal(6, done.Source);
        await using var fresh = await scene.JoinAsync();
        Assert.Equal(5, await fresh.CountAsync("SELECT count(*) FROM t"));
    }

    /// <summary>Those who had it open before: their writes find a head that is neither theirs nor a successor of it, and never take its place.</summary>
    [Fact]
    public async Task A_writer_that_was_stalled_does_not_overwrite_a_repair()
    {
        foreach (bool isHead in (bool[])[true, false])
        {
            var (scene, model) = await Damage.SceneAsync(40);
            await using var _ = scene;
            await scene[0].CountAsync("SELECT count(*) FROM t");
            var stalled = await scene.JoinAsync(Small with { RetryTime = TimeSpan.FromDays(30) });
            await stalled.CountAsync("SELECT count(*) FROM t");
            RepairReport? done = null;
            stalled.Store.BeforeNext(StoreVerb.Swap, async () =>
            {
                var head = await scene.HeadAsync();
                string key = isHead ? Scene.HeadKey : new DatabaseKeys(Scene.Name).Segment(head.Segments[0].Id);
                await new Damage(scene, 8).DoAsync(key, Harm.Truncate, []);
                done = await scene[1].Engine.RepairAsync(Scene.Name);
                Assert.Equal(isHead, done.IsHeadDamaged);
            });
            DatabaseException? told = null;
            try
            {
                await stalled.RunAsync("INSERT INTO t VALUES ('late', randomblob(300000))");
            }
            catch (DatabaseException e)
            {
                told = e;
            }

            // Of what stood on a head that nobody can read any more, nobody can say whether it was there for a moment.
            Assert.True(isHead ? told is { Code: ErrorCodes.OutcomeUnknown } : told is null, $"{isHead} {done} {told}");
            await using var fresh = await scene.JoinAsync(Small);
            Assert.Equal(isHead ? 0 : 1, await fresh.CountAsync("SELECT count(*) FROM t WHERE v = 'late'"));
            await fresh.RunAsync("DELETE FROM t WHERE v = 'late'");
            Assert.Equal(model[done!.Source], await Damage.RowsAsync(fresh, ReadLevel.Strong));
            Assert.Equal(model[done.Source], await Damage.RowsAsync(stalled, ReadLevel.Strong));
            await stalled.RunAsync("INSERT INTO t VALUES ('on', 0)");

            // Who writes blindly on the lost head learns no more than that; who has read goes on.
            await scene[0].CountAsync("SELECT count(*) FROM t");
            await scene[0].RunAsync("INSERT INTO t VALUES ('on', 0)");
            Assert.Equal(2, await fresh.CountAsync("SELECT count(*) FROM t WHERE v = 'on'"));
            Assert.True((await fresh.Engine.VerifyAsync(Scene.Name)).IsWhole);
        }
    }

    /// <summary>A process that still knew the head has healed it by its commit: that counts, and the repair gives way.</summary>
    [Fact]
    public async Task A_repair_gives_way_to_who_was_first()
    {
        var (scene, model) = await Damage.SceneAsync(40);
        await using var _ = scene;
        byte[] whole = (await scene.Memory.ReadAsync(Scene.HeadKey, null, CancellationToken.None)).Content.ToArray();
        await new Damage(scene, 8).DoAsync(Scene.HeadKey, Harm.Truncate, []);
        scene[1].Store.BeforeNext(StoreVerb.Swap, () => scene.Memory.WriteAsync(Scene.HeadKey, whole, CancellationToken.None).AsTask());

        Assert.Equal(ErrorCodes.VersionMismatch, (await Process.FailureAsync(scene[1].Engine.RepairAsync(Scene.Name))).Code);
        await using var fresh = await scene.JoinAsync(Small);
        Assert.Equal(model[model.Keys.Max()], await Damage.RowsAsync(fresh, ReadLevel.Strong));
    }

    [Theory]
    [InlineData("ReplyLost")]
    [InlineData("RequestLost")]
    [InlineData("Busy")]
    [InlineData("Echo")]
    public async Task An_answer_that_is_lost_is_found_out(string fault)
    {
        var (scene, model) = await Damage.SceneAsync(40);
        await using var _ = scene;
        await scene.Memory.WriteAsync(Scene.HeadKey, new byte[100], CancellationToken.None);
        scene[1].Store.Next(StoreVerb.Swap, new Fault(Enum.Parse<FaultKind>(fault)));

        var done = await scene[1].Engine.RepairAsync(Scene.Name);

        await using var fresh = await scene.JoinAsync(Small);
        Assert.Equal(model[done.Source], await Damage.RowsAsync(fresh, ReadLevel.Strong));
        Assert.Equal(done.Version, (await scene.HeadAsync()).Version);
    }

    /// <summary>Traps 8, across a repair: uploads and collections of before it.</summary>
    [Fact]
    public async Task A_collection_that_began_before_takes_nothing_that_the_repair_names()
    {
        var (scene, model) = await Damage.SceneAsync(40);
        await using var _ = scene;
        await scene[0].Database.SetRetentionAsync(TimeSpan.Zero);
        scene.Time.Advance(TimeSpan.FromDays(1));
        RepairReport? done = null;
        var collector = await scene.JoinAsync(Small, async point =>
        {
            if (point == CommitPoint.CollectionMarked && done is null)
            {
                await scene.Memory.WriteAsync(Scene.HeadKey, new byte[100], CancellationToken.None);
                done = await scene[1].Engine.RepairAsync(Scene.Name);
            }
        });
        Assert.True((await collector.Engine.CollectAsync(Scene.Name)).Deleted > 0);

        await using var fresh = await scene.JoinAsync(Small);
        Assert.Equal(model[done!.Source], await Damage.RowsAsync(fresh, ReadLevel.Strong));
        Assert.True((await fresh.Engine.VerifyAsync(Scene.Name)).IsWhole);
        scene.Time.Advance(TimeSpan.FromDays(10));
        await fresh.RunAsync("INSERT INTO t VALUES (0, randomblob(300000))");
        scene.Time.Advance(TimeSpan.FromDays(10));
        await fresh.RunAsync("INSERT INTO t VALUES (0, randomblob(300000))");
        await fresh.Engine.CollectAsync(Scene.Name);
        Assert.True((await fresh.Engine.VerifyAsync(Scene.Name, history: true)).IsWhole);
    }

    [Fact]
    public async Task What_can_be_read_is_salvaged()
    {
        var (scene, _) = await Damage.SceneAsync(40);
        await using var held = scene;
        var head = await scene.HeadAsync();
        var large = head.Segments.MaxBy(entry => entry.Images)!;
        string key = new DatabaseKeys(Scene.Name).Segment(large.Id);
        byte[] content = (await scene.Memory.ReadAsync(key, null, CancellationToken.None)).Content.ToArray();
        content[large.IndexOffset - 10] ^= 1;
        await scene.Memory.WriteAsync(key, content, CancellationToken.None);
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.db");
        try
        {
            var report = await scene[1].Engine.SalvageAsync(Scene.Name, file);

            Assert.Equal(head.Version, report.Version);
            Assert.Contains("u", report.Tables);
            Assert.Equal((long)head.PageCount * head.PageBytes, new FileInfo(file).Length);
            byte[] written = await File.ReadAllBytesAsync(file);
            for (uint page = 1; page <= head.PageCount; page++)
            {
                bool isZero = !written.AsSpan((int)(page - 1) * head.PageBytes, head.PageBytes).ContainsAnyExcept((byte)0);
                Assert.Equal(report.LostPages.Any(range => page >= range.First && page <= range.Last), isZero);
            }

            await using var db = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file};Pooling=False");
            await db.OpenAsync();
            await using var command = db.CreateCommand();
            command.CommandText = "SELECT count(*) FROM sqlite_schema";
            Assert.Equal(2L, await command.ExecuteScalarAsync());
            Assert.Equal(ErrorCodes.BadFile, (await Process.FailureAsync(scene[1].Engine.SalvageAsync(Scene.Name, file))).Code);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>After a repair a database is one like any other: it is written to, flushed, gone back in, collected.</summary>
    private static async Task GoesOnAsync(Scene scene, Process fresh, RepairReport done, Dictionary<long, string> model)
    {
        for (int i = 0; i < 40; i++)
        {
            await fresh.RunAsync("INSERT INTO t VALUES (?, hex(randomblob(300)))", 1000 + i);
        }

        await fresh.Engine.CompactAsync(Scene.Name);
        Assert.Equal(model[done.Source], await Damage.RowsAsync(fresh, ReadLevel.AtVersion(done.Version!.Value)));
        Assert.Equal(model[done.Source], await Damage.RowsAsync(fresh, ReadLevel.AtVersion(done.Source)));
        if (done.IsHeadDamaged)
        {
            Assert.Equal(ErrorCodes.VersionGone, (await Process.FailureAsync(Damage.RowsAsync(fresh, ReadLevel.AtVersion(done.Newest + 1)))).Code);
            Assert.True(done.Version >= done.Newest + HeadReplacement.Leap);
        }

        for (int i = 0; i < 3; i++)
        {
            scene.Time.Advance(TimeSpan.FromDays(30));
            await fresh.RunAsync("INSERT INTO t VALUES (0, randomblob(300000))");
            await fresh.Engine.CollectAsync(Scene.Name);
        }

        await using var last = await scene.JoinAsync(Small);
        Assert.Equal([], (await last.Engine.VerifyAsync(Scene.Name, history: true)).Findings);
        Assert.Equal(43, await last.CountAsync("SELECT count(*) FROM t WHERE v >= 1000 OR v = 0"));

        // What was pinned before the damage is held for as long as it is pinned.
        Assert.Equal(model[20], await Damage.RowsAsync(last.Engine.Open("copy"), ReadLevel.Strong));
        var names = (await last.Database.ListSnapshotsAsync()).Select(snapshot => snapshot.Name);
        Assert.Equal(["early", "late"], names);
    }
}
