using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;
using OrleansSqlite.Tests.TimeTravel;

namespace OrleansSqlite.Tests.Verification;

public sealed class VerifyTests
{
    private static readonly DatabaseOptions Small = new() { Threads = 2, InlineBytes = 1 << 10 };

    [Fact]
    public async Task A_whole_database_is_whole()
    {
        var (scene, model) = await Damage.SceneAsync();
        await using var _ = scene;
        var report = await scene[1].Engine.VerifyAsync(Scene.Name, history: true);

        Assert.Equal([], report.Findings);
        Assert.Equal([], report.Notes);
        Assert.Equal(model.Keys.Max(), report.Version);
        Assert.Equal((0L, model.Keys.Max(), true), report.Versions.Where(run => run.Snapshot is null).Select(run => (run.First, run.Last, run.IsWhole)).Single());
        Assert.Equal(["early", "late"], report.Versions.Where(run => run.IsWhole).Select(run => run.Snapshot).OfType<string>().Order());

        // The fork lives on its parent's segments.
        Assert.True((await scene[1].Engine.VerifyAsync("copy", history: true)).IsWhole);
        Assert.True((await scene[1].Engine.VerifyAsync(Scene.Name)).IsWhole);
        Assert.Equal(7, (await scene[1].Engine.VerifyAsync(Scene.Name, version: 7)).Version);
    }

    [Fact]
    public async Task So_is_one_that_was_compacted_collected_restored_vacuumed_and_one_without_commits()
    {
        await using var scene = await ForkTests.WithRowsAsync(60);
        await scene[0].Engine.CompactAsync(Scene.Name);
        await scene[0].Database.RestoreAsync(ReadLevel.AtVersion(20));
        await scene[0].RunAsync("INSERT INTO t VALUES (1, 1)");
        await scene[0].Database.WriteAsync(db =>
        {
            using var command = db.CreateCommand();
            command.CommandText = "DELETE FROM t WHERE v % 2 = 0";
            return command.ExecuteNonQuery();
        });
        await scene[0].RunAsync("PRAGMA page_size = 1024");
        await scene[0].RunAsync("VACUUM");
        await scene[0].RunAsync("INSERT INTO t VALUES (1, zeroblob(100000))");
        scene.Time.Advance(TimeSpan.FromDays(8));
        await scene[0].RunAsync("INSERT INTO t VALUES (1, zeroblob(100000))");
        await scene[0].Engine.CollectAsync(Scene.Name);
        await scene[0].Engine.CreateAsync("empty");

        Assert.Equal([], (await scene[1].Engine.VerifyAsync(Scene.Name, history: true)).Findings);
        Assert.Equal([], (await scene[1].Engine.VerifyAsync("empty", history: true)).Findings);
        Assert.Equal(ErrorCodes.DatabaseNotFound, (await Process.FailureAsync(scene[1].Engine.VerifyAsync("none"))).Code);
        await scene[0].Engine.DeleteAsync("empty");
        Assert.Equal(ErrorCodes.DatabaseNotFound, (await Process.FailureAsync(scene[1].Engine.VerifyAsync("empty"))).Code);
    }

    /// <summary>Whatever is done to whichever object: it is found, the object is named, and what is said to be whole is.</summary>
    [Theory]
    [InlineData(Harm.Flip)]
    [InlineData(Harm.Truncate)]
    [InlineData(Harm.Append)]
    [InlineData(Harm.Remove)]
    [InlineData(Harm.Swap)]
    public async Task Damage_is_found_and_named(Harm harm)
    {
        var (scene, model) = await Damage.SceneAsync();
        await using var _ = scene;
        var damage = new Damage(scene, (ulong)harm + 1);
        string[] named = await Damage.NamedAsync(scene);
        Assert.True(named.Count(key => key.Contains("/segments/", StringComparison.Ordinal)) > 5 && named.Count(key => key.Contains("/checkpoints/", StringComparison.Ordinal)) > 5);
        int readBack = 0;
        foreach (string key in named.Where(key => harm != Harm.Remove || !key.Contains("/pins/", StringComparison.Ordinal)))
        {
            for (int round = 0; round < (harm is Harm.Flip or Harm.Truncate ? 3 : 1); round++)
            {
                // A saved head in the place of the head is what a restored backup of the bucket looks like: another test.
                string[] others = [.. named.Where(other => other != key && (key != Scene.HeadKey || !other.Contains("/checkpoints/", StringComparison.Ordinal)))];
                if (await damage.DoAsync(key, harm, others) is not { } before)
                {
                    continue;
                }

                var report = await scene[1].Engine.VerifyAsync(Scene.Name, history: true);

                Assert.False(report.IsWhole, $"{harm} of {key}");
                Assert.True(report.Findings.Any(finding => finding.Object == key), $"{harm} of {key}: {string.Join("; ", report.Findings)}");
                if (readBack++ % 7 == 0)
                {
                    await ReadBackAsync(scene, report, model);
                }

                await damage.UndoAsync(key, before);
            }
        }

        Assert.True((await scene[1].Engine.VerifyAsync(Scene.Name, history: true)).IsWhole);
    }

    /// <summary>Nothing names a pin but the fork that needs it: a snapshot without one was dropped.</summary>
    [Fact]
    public async Task A_fork_without_its_pin_is_noticed()
    {
        var (scene, _) = await Damage.SceneAsync();
        await using var held = scene;
        string pin = (await ForkTests.KeysAsync(scene)).Single(key => key.Contains("/pins/fork.", StringComparison.Ordinal));
        await scene.Memory.DeleteAsync(pin, CancellationToken.None);

        Assert.Equal(pin, Assert.Single((await scene[1].Engine.VerifyAsync("copy")).Findings).Object);
    }

    [Fact]
    public async Task The_pages_the_table_and_what_is_still_whole_are_told()
    {
        var (scene, model) = await Damage.SceneAsync();
        await using var _ = scene;
        var head = await scene.HeadAsync();
        var large = head.Segments.MaxBy(entry => entry.Images)!;
        string key = new DatabaseKeys(Scene.Name).Segment(large.Id);
        byte[] content = (await scene.Memory.ReadAsync(key, null, CancellationToken.None)).Content.ToArray();
        content[large.IndexOffset - 10] ^= 1;
        await scene.Memory.WriteAsync(key, content, CancellationToken.None);

        var report = await scene[1].Engine.VerifyAsync(Scene.Name, history: true);

        var finding = Assert.Single(report.Findings);
        Assert.Equal(key, finding.Object);
        Assert.InRange(finding.Offset!.Value, SegmentLayout.HeaderBytes, large.IndexOffset - 1);
        Assert.Contains("checksum", finding.What, StringComparison.Ordinal);
        Assert.NotEmpty(finding.Pages);
        Assert.Contains("u", finding.Tables);
        Assert.False(report.Versions.Last(run => run.Snapshot is null).IsWhole);
        Assert.True(report.Versions[0] is { First: 0, IsWhole: true, Last: > 20 }, string.Join("; ", report.Versions));
        await ReadBackAsync(scene, report, model);
    }

    [Fact]
    public async Task Of_a_damaged_head_it_is_told_what_survives()
    {
        var (scene, model) = await Damage.SceneAsync();
        await using var _ = scene;
        foreach (byte[] there in (byte[][])[[], [1, 2, 3], new byte[5000]])
        {
            await scene.Memory.WriteAsync(Scene.HeadKey, there, CancellationToken.None);
            var report = await scene[1].Engine.VerifyAsync(Scene.Name);

            Assert.Null(report.Version);
            Assert.Equal(Scene.HeadKey, report.Findings[0].Object);
            Assert.True(report.Versions.Where(run => run.IsWhole && run.Snapshot is null).Max(run => run.Last) >= model.Count - 25, string.Join("; ", report.Versions));
        }
    }

    /// <summary>A store that was put back to an older state: each object is whole, and yet commits are missing.</summary>
    [Fact]
    public async Task An_older_head_in_the_place_of_the_head_is_found()
    {
        var (scene, _) = await Damage.SceneAsync();
        await using var held = scene;
        var head = await scene.HeadAsync();
        var keys = new DatabaseKeys(Scene.Name);

        // The last but one that was saved; the youngest object may be a list.
        while (head.History!.Checkpoints.Count(entry => entry.Level == 0) < 3)
        {
            scene.Time.Advance(TimeSpan.FromSeconds(1));
            await scene[0].RunAsync("INSERT INTO t VALUES (0, hex(randomblob(900)))");
            head = await scene.HeadAsync();
        }

        string saved = keys.Checkpoint(head.History.Checkpoints[^2].Id);
        await scene.Memory.WriteAsync(Scene.HeadKey, (await scene.Memory.ReadAsync(saved, null, CancellationToken.None)).Content, CancellationToken.None);

        var report = await scene[1].Engine.VerifyAsync(Scene.Name);

        Assert.Equal(Scene.HeadKey, Assert.Single(report.Findings).Object);
    }

    [Fact]
    public async Task Foreign_keys_and_constraints_are_notes()
    {
        await using var scene = new Scene();
        await scene.JoinAsync();
        await scene.JoinAsync();
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.db");
        try
        {
            await using (var db = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file};Foreign Keys=False;Pooling=False"))
            {
                await db.OpenAsync();
                await using var command = db.CreateCommand();
                command.CommandText = "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p(id)); INSERT INTO c VALUES (7), (8)";
                await command.ExecuteNonQueryAsync();
            }

            await scene[0].Engine.ImportAsync(Scene.Name, file);
        }
        finally
        {
            File.Delete(file);
        }

        var report = await scene[1].Engine.VerifyAsync(Scene.Name);

        Assert.True(report.IsWhole);
        Assert.Contains("2 rows of 'c'", report.Notes.Single(), StringComparison.Ordinal);
    }

    /// <summary>The bytes are those that were written, but what was written is no b-tree.</summary>
    [Fact]
    public async Task What_only_SQLite_can_see_is_found()
    {
        await using var scene = await ForkTests.WithRowsAsync(30);
        var head = await scene.HeadAsync();
        byte[] zeroes = new byte[head.PageBytes];
        var frame = FrameCodec.Encode(head.Version + 1, new CommitId(77), head.CommittedAtMs, head.PageCount, head.PageBytes, [2], zeroes);
        await scene.ReplaceHeadAsync(old => old with
        {
            Version = frame.Version,
            SwapId = frame.Id,
            Frames = old.Frames.Add(frame),
            Recent = [.. old.Recent.TakeLast(200), new CommitRecord(frame.Id, frame.TimeMs)],
        });

        var report = await scene[1].Engine.VerifyAsync(Scene.Name, history: true);

        Assert.Contains(report.Findings, finding => finding.What.Contains("integrity_check", StringComparison.Ordinal));
        Assert.Equal((frame.Version, false), (report.Versions[^1].Last, report.Versions[^1].IsWhole));
        Assert.Equal(frame.Version - 1, (await scene[1].Engine.RepairAsync(Scene.Name, dryRun: true)).Source);
    }

    /// <summary>It reads one version, whatever others do meanwhile: commit, flush, compact, collect.</summary>
    [Fact]
    public async Task Writers_and_collections_beside_it_are_no_damage()
    {
        var (scene, _) = await Damage.SceneAsync(30);
        await using var held = scene;
        await scene[0].Database.SetRetentionAsync(TimeSpan.Zero);
        int whole = 0, again = 0;
        for (int round = 0; round < 30; round++)
        {
            int requests = 0;
            var verifier = await scene.JoinAsync(Small);
            verifier.Store.Before = async request =>
            {
                if (++requests == 2 + (round % 12))
                {
                    for (int i = 0; i < 12; i++)
                    {
                        await scene[0].RunAsync("INSERT INTO t VALUES (?, hex(randomblob(400)))", i);
                    }

                    if (round % 3 != 0)
                    {
                        scene.Time.Advance(TimeSpan.FromDays(1));
                        await scene[0].RunAsync("INSERT INTO t VALUES (0, hex(randomblob(9000)))");
                        await scene[0].Engine.CompactAsync(Scene.Name);
                        await scene[0].RunAsync("INSERT INTO t VALUES (0, hex(randomblob(9000)))");
                        scene.Time.Advance(TimeSpan.FromDays(1));
                        await scene[0].RunAsync("INSERT INTO t VALUES (0, hex(randomblob(9000)))");
                        await scene[0].Engine.CollectAsync(Scene.Name);
                    }
                }
            };
            try
            {
                var report = await verifier.Engine.VerifyAsync(Scene.Name, history: round % 2 == 0);
                Assert.True(report.IsWhole, string.Join("; ", report.Findings));
                whole++;
            }
            catch (DatabaseException e) when (e.Code == ErrorCodes.SnapshotTooOld)
            {
                Assert.Contains("no damage", e.Message, StringComparison.Ordinal);
                again++;
            }
        }

        Assert.True(whole > 5 && again > 2, $"{whole} {again}");
    }

    [Fact]
    public async Task What_this_process_remembers_hides_nothing()
    {
        await using var scene = await ForkTests.WithRowsAsync(60);
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            var process = await scene.JoinAsync(Small with { DiskCachePath = folder });
            Assert.Equal(60, await process.CountAsync("SELECT count(length(w)) FROM t"));
            string key = new DatabaseKeys(Scene.Name).Segment((await scene.HeadAsync()).Segments[0].Id);
            await new Damage(scene, 3).DoAsync(key, Harm.Flip, []);

            Assert.Contains((await process.Engine.VerifyAsync(Scene.Name)).Findings, finding => finding.Object == key);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task ReadBackAsync(Scene scene, VerificationReport report, Dictionary<long, string> model)
    {
        if (report.Version is null)
        {
            return;
        }

        await using var fresh = await scene.JoinAsync(Small);
        foreach (var run in report.Versions.Where(run => run.IsWhole))
        {
            for (long version = Math.Max(1, run.First); version <= run.Last; version += run.Snapshot is null ? 3 : 1)
            {
                var level = run.Snapshot is { } name ? ReadLevel.AtSnapshot(name) : ReadLevel.AtVersion(version);
                Assert.Equal(model[version], await Damage.RowsAsync(fresh, level));
            }
        }
    }
}
