using OrleansSqlite.Maintenance;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.TimeTravel;

public sealed class ForkTests
{
    private static readonly DatabaseOptions Small = new() { Threads = 2, InlineBytes = 1 << 10 };

    [Fact]
    public async Task A_fork_and_its_parent_go_their_own_ways()
    {
        await using var scene = await WithRowsAsync(40);
        var fork = await scene[0].Engine.ForkAsync(Scene.Name, "copy");
        Assert.Equal(41, fork.Version);
        await scene[0].RunAsync("DELETE FROM t");
        var copy = scene[1].Engine.Open("copy");
        await copy.ExecuteAsync("INSERT INTO t VALUES (41, 0)");

        Assert.Equal(41, (await copy.ScalarAsync("SELECT count(*) FROM t")).AsInteger());
        Assert.Equal(0, await scene[1].CountAsync("SELECT count(*) FROM t"));
        Assert.Equal("ok", (await copy.ScalarAsync("PRAGMA integrity_check")).AsText());
    }

    [Fact]
    public async Task A_fork_copies_nothing()
    {
        await using var scene = await WithRowsAsync(200);
        var before = scene[0].Engine.Requests;

        await scene[0].Engine.ForkAsync(Scene.Name, "copy", ReadLevel.AtVersion(100));

        var spent = scene[0].Engine.Requests - before;
        Assert.True(spent.Writes + spent.Swaps <= 5 && spent.BytesWritten < 100_000, spent.ToString());
        Assert.Equal(99, (await scene[1].Engine.Open("copy").ScalarAsync("SELECT count(*) FROM t")).AsInteger());
    }

    [Fact]
    public async Task A_fork_can_be_forked_and_any_of_them_deleted_in_any_order()
    {
        foreach (string[] order in (string[][])[["app", "one", "two"], ["two", "one", "app"], ["one", "app", "two"], ["app", "two", "one"]])
        {
            await using var scene = await WithRowsAsync(60);
            var engine = scene[0].Engine;
            await engine.ForkAsync(Scene.Name, "one", ReadLevel.AtVersion(50));
            await engine.Open("one").ExecuteAsync("INSERT INTO t VALUES (0, hex(randomblob(3000)))");
            await engine.ForkAsync("one", "two");
            var left = new Dictionary<string, long> { ["app"] = 60, ["one"] = 50, ["two"] = 50 };
            foreach (string gone in order)
            {
                await engine.DeleteAsync(gone);
                left.Remove(gone);
                for (int round = 0; round < 3; round++)
                {
                    scene.Time.Advance(TimeSpan.FromDays(30));
                    foreach (string name in order)
                    {
                        await engine.CollectAsync(name);
                    }
                }

                await using var fresh = await scene.JoinAsync(Small);
                foreach (var (name, rows) in left)
                {
                    Assert.Equal(rows, (await fresh.Engine.Open(name).ScalarAsync("SELECT count(*) FROM t")).AsInteger());
                    Assert.Equal("ok", (await fresh.Engine.Open(name).ScalarAsync("PRAGMA integrity_check")).AsText());
                }

                fresh.IsDead = true;
            }

            // Nothing is left but three tombstones.
            Assert.Equal(["app/head", "one/head", "two/head"], await KeysAsync(scene));
        }
    }

    [Fact]
    public async Task A_fork_that_was_too_slow_does_not_come_to_be()
    {
        await using var scene = await WithRowsAsync(40);
        int swaps = 0;
        scene[0].Store.BeforeNext(StoreVerb.Swap, Wait);
        async Task Wait()
        {
            // The fourth swap (after those of the reservation, of the pin and of the parent's head) brings the fork to life: before it, its process stands still for a month, in which the parent is collected.
            if (++swaps < 4)
            {
                scene[0].Store.BeforeNext(StoreVerb.Swap, Wait);
                return;
            }

            await scene[1].RunAsync("DELETE FROM t");
            await scene[1].RunAsync("INSERT INTO t SELECT 1, hex(randomblob(20000))");
            for (int i = 0; i < 3; i++)
            {
                scene.Time.Advance(TimeSpan.FromDays(30));
                await scene[1].RunAsync("INSERT INTO t SELECT 1, hex(randomblob(20000))");
                await scene[1].Engine.CollectAsync(Scene.Name);
            }
        }

        var error = await Process.FailureAsync(scene[0].Engine.ForkAsync(Scene.Name, "copy"));

        Assert.Equal(ErrorCodes.DatabaseExists, error.Code);
        Assert.Equal(ErrorCodes.DatabaseNotFound, (await Process.FailureAsync(scene[1].Engine.Open("copy").DescribeAsync())).Code);
        Assert.DoesNotContain(await KeysAsync(scene), key => key.Contains("/pins/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_name_of_a_fork_must_be_free()
    {
        await using var scene = await WithRowsAsync(1);
        await scene[0].Engine.CreateAsync("copy");

        Assert.Equal(ErrorCodes.DatabaseExists, (await Process.FailureAsync(scene[0].Engine.ForkAsync(Scene.Name, "copy"))).Code);
        Assert.Equal(ErrorCodes.DatabaseNotFound, (await Process.FailureAsync(scene[0].Engine.ForkAsync("none", "other"))).Code);
        Assert.Equal(ErrorCodes.DatabaseNotFound, (await Process.FailureAsync(scene[0].Engine.Open("other").DescribeAsync())).Code);
    }

    internal static async Task<Scene> WithRowsAsync(int rows)
    {
        var scene = await Scene.WithAsync(2, Small, "CREATE TABLE t(v, w)");
        for (int i = 1; i <= rows; i++)
        {
            await scene[0].RunAsync("INSERT INTO t VALUES (?, hex(randomblob(300)))", i);
        }

        return scene;
    }

    internal static async Task<string[]> KeysAsync(Scene scene)
    {
        List<string> keys = [];
        await foreach (var listed in scene.Memory.ListAsync("", CancellationToken.None))
        {
            keys.Add(listed.Key);
        }

        return [.. keys.Where(key => !key.EndsWith("/waiting", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }
}
