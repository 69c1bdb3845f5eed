using OrleansSqlite.Combining;
using OrleansSqlite.Commit;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Combining;

/// <summary>What lies in the inbox is carried once, whoever carries it, whatever becomes of its object, and harms nobody.</summary>
public sealed class CombinerTests
{
    private const string Schema = "CREATE TABLE t(v INTEGER PRIMARY KEY, w)";

    [Fact]
    public async Task Many_are_carried_by_one_swap_each_a_transaction_of_its_own()
    {
        await using var scene = await SceneAsync();
        var entries = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => scene.LeaveAsync(Insert(i + 1))));
        scene[0].Store.Always = _ => Fault.Slow(TimeSpan.FromMilliseconds(15), TimeSpan.FromMilliseconds(15));
        int swaps = scene[0].Store.Count(StoreVerb.Swap);
        await scene[0].CombineAsync();
        Assert.Equal(20, await scene[1].CountAsync("SELECT count(*) FROM t WHERE v > 0"));
        Assert.InRange(scene[0].Store.Count(StoreVerb.Swap) - swaps, 1, 3);
        Assert.Equal(0, await scene.CountAsync());
        foreach (var entry in entries)
        {
            var outcome = await scene[1].OutcomeAsync(entry);
            Assert.Equal(InboxOutcomeKind.Done, outcome!.Value.Kind);
            Assert.InRange(outcome.Value.Version, 2, (await scene.HeadAsync()).Version);
        }
    }

    [Fact]
    public async Task Two_that_carry_at_once_carry_each_once()
    {
        await using var scene = await SceneAsync();
        for (int round = 0; round < 10; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 10).Select(i => scene.LeaveAsync(Bump())));
            await Task.WhenAll(scene[0].CombineAsync(), scene[1].CombineAsync());
            await scene[round % 2].CombineAsync();
            Assert.Equal(10 * (round + 1), await scene[0].CountAsync("SELECT w FROM t WHERE v = 0"));
        }
    }

    [Fact]
    public async Task An_object_that_comes_again_changes_nothing()
    {
        await using var scene = await SceneAsync();
        var entry = await scene.LeaveAsync(Bump());
        await scene[0].CombineAsync();
        await scene.LeaveAsync(entry);
        await scene[1].CombineAsync();
        Assert.Equal(1, await scene[0].CountAsync("SELECT w FROM t WHERE v = 0"));
        Assert.Equal(0, await scene.CountAsync());
    }

    [Fact]
    public async Task Not_even_when_its_outcome_is_forgotten()
    {
        await using var scene = await SceneAsync();
        var entry = await scene.LeaveAsync(Bump());
        await scene[0].CombineAsync();
        scene.Time.Advance(InboxLog.Retention + TimeSpan.FromMinutes(1));
        await scene.LeaveAsync(Insert(1));
        await scene[0].CombineAsync();
        Assert.Null(await scene[0].OutcomeAsync(entry));

        // Its own clock does not matter: it was written now.
        await scene.LeaveAsync(entry);
        await scene[1].CombineAsync();
        Assert.Equal(1, await scene[0].CountAsync("SELECT w FROM t WHERE v = 0"));
    }

    [Fact]
    public async Task What_a_restore_has_taken_back_is_not_carried_again()
    {
        await using var scene = await SceneAsync();
        var entry = await scene.LeaveAsync(Bump());
        long before = (await scene[0].Database.DescribeAsync()).Version;
        await scene[0].CombineAsync();
        await scene[0].Database.RestoreAsync(ReadLevel.AtVersion(before));
        await scene.LeaveAsync(entry);
        await scene[1].CombineAsync();
        Assert.Equal(0, await scene[0].CountAsync("SELECT w FROM t WHERE v = 0"));
    }

    /// <summary>The outcome of a write that was carried, failed or given up goes with the version that a restore takes back. It was told all the same.</summary>
    [Fact]
    public async Task What_loses_to_a_restore_is_not_carried_on_it()
    {
        await using var scene = await SceneAsync();
        long before = (await scene[0].Database.DescribeAsync()).Version;
        await scene.LeaveAsync(Bump());
        scene[0].Store.BeforeNext(StoreVerb.Swap, async () =>
        {
            await scene[1].CombineAsync();
            await scene[1].Database.RestoreAsync(ReadLevel.AtVersion(before));
        });
        await scene[0].CombineAsync();
        Assert.Equal(0, await scene[1].CountAsync("SELECT w FROM t WHERE v = 0"));
    }

    [Theory]
    [InlineData("INSERT INTO t VALUES (0, 0)", ErrorCodes.Sql)]
    [InlineData("INSERT INTO nothing VALUES (0)", ErrorCodes.Sql)]
    [InlineData("ATTACH 'x' AS x", ErrorCodes.NotAllowed)]
    [InlineData("INSERT OR ROLLBACK INTO t VALUES (0, 0)", ErrorCodes.Sql)]
    public async Task One_that_fails_changes_nothing_and_harms_no_other(string sql, string code)
    {
        await using var scene = await SceneAsync();
        await scene.LeaveAsync(Insert(1));
        var bad = await scene.LeaveAsync(new Batch("INSERT INTO t VALUES (77, 0)", sql));
        await scene.LeaveAsync(Insert(2));
        await scene[0].CombineAsync();
        Assert.Equal(["0", "1", "2"], await scene[1].ColumnAsync("SELECT v FROM t ORDER BY v"));
        var outcome = await scene[1].OutcomeAsync(bad);
        Assert.Equal(InboxOutcomeKind.Failed, outcome!.Value.Kind);
        var error = new InboxOutcome(outcome.Value.Kind, outcome.Value.Version, outcome.Value.Detail).ToError(Scene.Name);
        Assert.Equal((code, 1), (error.Code, error.Statement));
    }

    [Fact]
    public async Task One_that_takes_too_long_is_returned()
    {
        await using var scene = await SceneAsync();
        var slow = await scene.LeaveAsync(new Batch(
            "INSERT INTO t VALUES (77, 0)", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"));
        await scene.LeaveAsync(Insert(1));
        await scene[0].CombineAsync();
        Assert.Equal(InboxOutcomeKind.Returned, (await scene[1].OutcomeAsync(slow))!.Value.Kind);
        Assert.Equal(["0", "1"], await scene[1].ColumnAsync("SELECT v FROM t ORDER BY v"));
    }

    [Fact]
    public async Task One_that_changes_too_much_is_returned()
    {
        await using var scene = await SceneAsync();
        var large = await scene.LeaveAsync(new Batch("INSERT INTO t VALUES (77, zeroblob(40000000))"));
        await scene.LeaveAsync(Insert(1));
        await scene[0].CombineAsync();
        Assert.Equal(InboxOutcomeKind.Returned, (await scene[1].OutcomeAsync(large))!.Value.Kind);
        Assert.Equal(["0", "1"], await scene[1].ColumnAsync("SELECT v FROM t ORDER BY v"));
    }

    [Fact]
    public async Task What_is_not_for_this_database_and_this_time_is_not_carried()
    {
        await using var scene = await SceneAsync();
        await scene.LeaveAsync(Insert(1), entry => entry with { DatabaseId = Guid.NewGuid() });
        await scene.LeaveAsync(Insert(2), entry => entry with { CollectionEpoch = 9 });
        await scene.LeaveAsync(Insert(3), entry => entry with { LifetimeSeconds = 0 });
        await scene.LeaveAsync(Insert(4));
        await scene[0].CombineAsync();
        Assert.Equal(["0", "4"], await scene[1].ColumnAsync("SELECT v FROM t ORDER BY v"));
        Assert.Equal(0, await scene.CountAsync());
    }

    [Fact]
    public async Task What_cannot_be_read_here_is_left_alone()
    {
        await using var scene = await SceneAsync();
        var damaged = await scene.LeaveAsync(Insert(1));
        byte[] bytes = damaged.TryEncode()!;
        bytes[40] ^= 1;
        await scene.Memory.WriteAsync(Left.Inbox + damaged.Id, bytes, default);
        var newer = await scene.LeaveAsync(Insert(2));
        bytes = newer.TryEncode()!;
        bytes[8] = 99;
        await scene.Memory.WriteAsync(Left.Inbox + newer.Id, bytes, default);
        await scene.Memory.WriteAsync(Left.Inbox + "something-else", bytes, default);
        await scene.LeaveAsync(Insert(3));
        await scene[0].CombineAsync();
        Assert.Equal(["0", "3"], await scene[1].ColumnAsync("SELECT v FROM t ORDER BY v"));
        Assert.Equal(3, await scene.CountAsync());
    }

    [Fact]
    public async Task An_operation_id_takes_effect_once_in_and_out_of_the_inbox()
    {
        await using var scene = await SceneAsync();
        var first = await scene[0].Database.ExecuteAsync(Bump() with { OperationId = "bump" });
        var entry = await scene.LeaveAsync(Bump() with { OperationId = "bump" });
        await scene[1].CombineAsync();
        Assert.Equal(1, await scene[0].CountAsync("SELECT w FROM t WHERE v = 0"));
        var outcome = await scene[1].OutcomeAsync(entry);
        Assert.Equal((InboxOutcomeKind.Repeated, first.Version), (outcome!.Value.Kind, outcome.Value.Version));

        await scene.LeaveAsync(Bump() with { OperationId = "again" });
        await scene[1].CombineAsync();
        Assert.True((await scene[0].Database.ExecuteAsync(Bump() with { OperationId = "again" })).Repeated);
        Assert.Equal(2, await scene[0].CountAsync("SELECT w FROM t WHERE v = 0"));
    }

    [Fact]
    public async Task Large_results_are_stored_before_the_swap()
    {
        await using var scene = await SceneAsync();
        int there = -1;
        var process = await scene.JoinAsync(null, async point => there = point == CommitPoint.SwapSending ? await scene.CountAsync("app/results/") : there);
        var entry = await scene.LeaveAsync(new Batch("UPDATE t SET w = 1", "SELECT hex(zeroblob(20000))"));
        await process.CombineAsync();
        Assert.Equal(1, there);
        Assert.Equal(InboxOutcomeKind.DoneWithObject, (await scene[1].OutcomeAsync(entry))!.Value.Kind);
    }

    [Fact]
    public async Task Whoever_carries_may_die_at_any_point()
    {
        foreach (var point in Enum.GetValues<CommitPoint>())
        {
            await using var scene = await SceneAsync();
            for (int i = 0; i < 3; i++)
            {
                await scene.LeaveAsync(Bump());
            }

            var dying = await scene.JoinAsync(null, async passed =>
            {
                if (passed == point)
                {
                    await Task.Delay(Timeout.Infinite);
                }
            });
            await dying.Database.DescribeAsync();
            dying.Database.Left.Combiner.Wake();
            await Task.WhenAny(dying.Database.Left.Combiner.WhenIdleAsync(), Task.Delay(300));
            dying.IsDead = true;
            await scene[0].CombineAsync();
            Assert.Equal(3, await scene[0].CountAsync("SELECT w FROM t WHERE v = 0"));
            Assert.Equal(0, await scene.CountAsync());
        }
    }

    [Fact]
    public async Task A_collection_takes_away_what_nobody_can_wait_for()
    {
        await using var scene = await SceneAsync();
        await scene.LeaveAsync(Insert(1));
        await scene.Memory.WriteAsync("app/results/old", new byte[9], default);
        Assert.Equal(0, (await scene[0].Engine.CollectAsync(Scene.Name)).Deleted);
        scene.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(2, (await scene[0].Engine.CollectAsync(Scene.Name)).Deleted);
        Assert.Equal(0, await scene.CountAsync());
    }

    private static Batch Insert(int value) => new(new Statement("INSERT INTO t VALUES (?, 0)", value));

    private static Batch Bump() => new("UPDATE t SET w = w + 1 WHERE v = 0");

    private static Task<Scene> SceneAsync() => Scene.WithAsync(2, Schema, "INSERT INTO t VALUES (0, 0)");
}
