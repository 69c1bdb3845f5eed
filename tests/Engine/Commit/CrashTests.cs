using OrleansSqlite.Commit;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>
/// A process dies at each point of the commit path, whatever has become of its swap by then. Another one opens the database:
/// it is whole, holds every acknowledged row, and the unacknowledged one at most once; the operation repeated takes effect once in all.
/// </summary>
public sealed class CrashTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT)";
    private const string Small = "INSERT INTO t(v) VALUES ('last')";
    private static readonly string Large = Sql.Series("INSERT INTO t(v) SELECT CASE value WHEN 1 THEN 'last' ELSE hex(randomblob(700)) END FROM generate_series(1, 2000)");

    public static TheoryData<string, string, bool> Deaths()
    {
        var cases = new TheoryData<string, string, bool>();
        foreach (var point in Enum.GetValues<CommitPoint>())
        {
            foreach (var fault in new[] { FaultKind.None, FaultKind.ReplyLost, FaultKind.RequestLost, FaultKind.Late, FaultKind.Echo, FaultKind.Busy })
            {
                cases.Add(point.ToString(), fault.ToString(), false);
                cases.Add(point.ToString(), fault.ToString(), true);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Deaths))]
    public async Task A_process_that_dies_loses_nothing_and_does_nothing_twice(string at, string swapFault, bool large)
    {
        var point = Enum.Parse<CommitPoint>(at);
        await using var scene = await Scene.WithAsync(1, Schema);
        bool armed = false;
        var died = new TaskCompletionSource();
        var mortal = await scene.JoinAsync(atPoint: async passed =>
        {
            if (armed && passed == point)
            {
                died.TrySetResult();
                await Task.Delay(Timeout.Infinite);
            }
        });
        for (int i = 1; i <= 3; i++)
        {
            await mortal.RunAsync("INSERT INTO t(v) VALUES (?)", $"acknowledged {i}");
        }

        armed = true;
        var batch = new Batch(new Statement(large ? Large : Small)) { OperationId = "last" };
        mortal.Store.Next(StoreVerb.Swap, new Fault(Enum.Parse<FaultKind>(swapFault), Requests: 3));
        var write = mortal.Database.ExecuteAsync(batch);
        bool acknowledged = await Task.WhenAny(write, died.Task) == write;
        mortal.IsDead = !acknowledged;

        var heir = await scene.JoinAsync();
        long found = await CheckAsync(heir, atMost: 1);
        Assert.True(!acknowledged || found == 1);

        // The PUT that the dead one had under way arrives, or never does.
        await mortal.Store.SettleAsync();
        await CheckAsync(heir, atMost: 1);
        var repeated = await heir.Database.ExecuteAsync(batch);
        Assert.Equal(1, await CheckAsync(heir, atMost: 1));
        Assert.Equal(repeated.Version, (await heir.Database.ExecuteAsync(batch)).Version);
        if (acknowledged)
        {
            Assert.Equal(((await write).Version, true), (repeated.Version, repeated.Repeated));
        }

        Assert.Equal(1, await CheckAsync(await scene.JoinAsync(), atMost: 1));
    }

    [Fact]
    public async Task Every_point_is_passed_so_every_death_is_died()
    {
        List<CommitPoint> passed = [];
        await using var scene = await Scene.WithAsync(1, Schema);
        var process = await scene.JoinAsync(atPoint: point =>
        {
            lock (passed)
            {
                passed.Add(point);
            }

            return ValueTask.CompletedTask;
        });
        process.Store.Next(StoreVerb.Swap, Fault.Echo);
        await process.RunAsync(Large);
        CommitPoint[] ofCollections = [CommitPoint.CollectionBegun, CommitPoint.CollectionMarked, CommitPoint.Left];
        Assert.Equal(Enum.GetValues<CommitPoint>().Except(ofCollections).Order(), passed.Distinct().Order());
        Assert.True(passed.IndexOf(CommitPoint.Uploaded) < passed.IndexOf(CommitPoint.Planned));
        Assert.True(passed.IndexOf(CommitPoint.Planned) < passed.IndexOf(CommitPoint.SwapSending));
        Assert.Equal(CommitPoint.Landed, passed[^1]);
    }

    [Theory]
    [InlineData("SwapSending", 0)]
    [InlineData("SwapAnswered", 20)]
    public async Task A_group_is_there_as_a_whole_or_not_at_all(string at, int expected)
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        int passings = int.MaxValue;
        var died = new TaskCompletionSource();
        var mortal = await scene.JoinAsync(atPoint: async passed =>
        {
            if (passed == Enum.Parse<CommitPoint>(at) && --passings == 0)
            {
                died.TrySetResult();
                await Task.Delay(Timeout.Infinite);
            }
        });
        var held = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        mortal.Store.BeforeNext(StoreVerb.Swap, () =>
        {
            held.SetResult();
            return gate.Task;
        });

        // While the first one's swap is held back, twenty others pile up; the swap that carries them is the last thing that happens.
        var first = mortal.RunAsync(Small);
        await held.Task;
        Task[] others = [.. Enumerable.Range(0, 20).Select(_ => mortal.RunAsync(Small))];
        while (mortal.Database.StackedCount < 21)
        {
            await Task.Delay(1);
        }

        // The first swap is sent already, but not answered.
        passings = at == "SwapSending" ? 1 : 2;
        gate.SetResult();
        await first;
        await died.Task;
        mortal.IsDead = true;
        Assert.DoesNotContain(others, other => other.IsCompleted);
        Assert.Equal(1 + expected, await (await scene.JoinAsync()).CountAsync("SELECT count(*) FROM t"));
    }

    private static async Task<long> CheckAsync(Process process, int atMost)
    {
        Assert.Equal("ok", Assert.Single(await process.ColumnAsync("PRAGMA integrity_check")));
        Assert.Equal(
            ["acknowledged 1", "acknowledged 2", "acknowledged 3"],
            await process.ColumnAsync("SELECT v FROM t WHERE v LIKE 'acknowledged%' ORDER BY id"));
        long last = await process.CountAsync("SELECT count(*) FROM t WHERE v = 'last'");
        Assert.InRange(last, 0, atMost);
        return last;
    }
}
