using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.TimeTravel;

public sealed class RestoreTests
{
    private static readonly DatabaseOptions Small = new() { Threads = 2, InlineBytes = 1 << 10 };

    [Fact]
    public async Task Each_version_can_be_made_the_newest()
    {
        await using var scene = await Scene.WithAsync(2, Small, "CREATE TABLE t(v, w)");
        for (int i = 1; i <= 40; i++)
        {
            await scene[0].RunAsync("INSERT INTO t VALUES (?, hex(randomblob(300)))", i);
        }

        long newest = 41;
        foreach (long version in (long[])[40, 1, 17, 41, 3, 0, 25, 42])
        {
            var restored = await scene[0].Database.RestoreAsync(ReadLevel.AtVersion(version));

            Assert.Equal(++newest, restored.Version);
            long rows = version switch { 0 => -1, 42 => 39, _ => version - 1 };
            Assert.Equal(rows < 0 ? 0 : 1, await scene[1].CountAsync("SELECT count(*) FROM sqlite_schema"));
            if (rows >= 0)
            {
                Assert.Equal(rows, await scene[1].CountAsync("SELECT count(*) FROM t"));
                Assert.Equal(rows, await scene[0].CountAsync("SELECT count(*) FROM t"));
                Assert.Equal("ok", (await scene[1].Database.ScalarAsync("PRAGMA integrity_check")).AsText());
            }
        }

        // What was there before each restore is a version as well.
        Assert.Equal(40, await TimeTravelTests.CountAsync(scene[1], ReadLevel.AtVersion(41)));
        Assert.Equal(0, await TimeTravelTests.CountAsync(scene[1], ReadLevel.AtVersion(43)));
    }

    [Fact]
    public async Task Writers_go_on_from_what_was_restored()
    {
        await using var scene = await Scene.WithAsync(2, Small, "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, w)");
        await scene[1].RunAsync("INSERT INTO t(w) VALUES (1)");
        await scene[1].RunAsync("INSERT INTO t(w) VALUES (2)");

        // It loses its race to the restore, and runs again on what that left.
        scene[1].Store.BeforeNext(StoreVerb.Swap, async () => await scene[0].Database.RestoreAsync(ReadLevel.AtVersion(2)));
        await scene[1].RunAsync("INSERT INTO t(w) VALUES (3)");

        Assert.Equal("1:1,2:3", (await scene[0].Database.ScalarAsync("SELECT group_concat(id || ':' || w) FROM t")).AsText());
    }

    [Fact]
    public async Task A_restore_that_loses_its_race_restores_on_top_of_the_winner()
    {
        await using var scene = await Scene.WithAsync(2, Small, "CREATE TABLE t(v)");
        await scene[1].RunAsync("INSERT INTO t VALUES (1)");
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync("INSERT INTO t VALUES (2)"));

        var restored = await scene[0].Database.RestoreAsync(ReadLevel.AtVersion(1));

        Assert.Equal(4, restored.Version);
        Assert.Equal(0, await scene[1].CountAsync("SELECT count(*) FROM t"));
        Assert.Equal(2, await TimeTravelTests.CountAsync(scene[1], ReadLevel.AtVersion(3)));
    }
}
