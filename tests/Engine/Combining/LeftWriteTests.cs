using OrleansSqlite.Combining;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Combining;

/// <summary>Whoever leaves a write hears what became of it, once, and the truth.</summary>
public sealed class LeftWriteTests
{
    private const string Schema = "CREATE TABLE t(v INTEGER PRIMARY KEY, w)";
    private const string Bump = "UPDATE t SET w = w + 1 WHERE v = 0 RETURNING w";

    [Fact]
    public async Task It_is_carried_by_its_owner_if_nobody_else_comes()
    {
        await using var scene = await SceneAsync();
        LoseTwice(scene);
        var result = await scene[0].Database.ExecuteAsync(Bump);
        Assert.Equal(SqlValue.From(3), result.Results[0].Rows[0][0]);
        Assert.Equal(result.Version, (await scene.HeadAsync()).Version);
        Assert.True(Left(scene) > 0);
        await scene[0].Database.Left.Combiner.WhenIdleAsync().WaitAsync(TimeSpan.FromSeconds(60)); // Its object goes after the answer.
        Assert.Equal(0, await scene.CountAsync());
    }

    [Theory]
    [InlineData("Denied")]
    [InlineData("DeniedAfterwards")]
    [InlineData("Full")]
    [InlineData("ReplyLost")]
    [InlineData("RequestLost")]
    public async Task Whatever_the_store_says_to_its_object_it_takes_effect_once(string fault)
    {
        await using var scene = await SceneAsync();
        LoseTwice(scene);
        scene[0].Store.Always = request => request.Key.StartsWith(Combining.Left.Inbox, StringComparison.Ordinal) && request.Verb == StoreVerb.Write
            ? (Fault)typeof(Fault).GetProperty(fault)!.GetValue(null)!
            : Fault.None;
        var result = await scene[0].Database.ExecuteAsync(Bump);
        Assert.Equal(SqlValue.From(3), result.Results[0].Rows[0][0]);
        await scene[1].CombineAsync();
        Assert.Equal(3, await scene[1].CountAsync("SELECT w FROM t WHERE v = 0"));
    }

    [Fact]
    public async Task Its_error_is_the_one_that_it_met_where_it_was_carried()
    {
        await using var scene = await SceneAsync();
        LoseTwice(scene);
        var error = await Process.FailureAsync(scene[0].Database.ExecuteAsync(new Batch("INSERT INTO t VALUES (9, 0)", "INSERT INTO t VALUES (0, 0)")));
        Assert.Equal((ErrorKind.Invalid, ErrorCodes.Sql, 1), (error.Kind, error.Code, error.Statement));
        Assert.Equal(0, await scene[1].CountAsync("SELECT count(*) FROM t WHERE v = 9"));
    }

    [Fact]
    public async Task Large_results_come_back()
    {
        await using var scene = await SceneAsync();
        LoseTwice(scene);
        var result = await scene[0].Database.ExecuteAsync(new Batch(Bump, "SELECT hex(zeroblob(20000))"));
        Assert.Equal(40_000, result.Results[1].Rows[0][0].AsText().Length);
        for (int look = 0; await scene.CountAsync("app/results/") > 0; look++)
        {
            Assert.NotEqual(1000, look);
            await Task.Delay(10);
        }
    }

    [Fact]
    public async Task One_that_is_cancelled_does_not_take_effect_afterwards()
    {
        await using var scene = await SceneAsync();
        LoseTwice(scene);
        using var cancel = new CancellationTokenSource();

        // Cancelled once its object lies there.
        bool isThere = false;
        scene[0].Store.Before = request =>
        {
            isThere |= request.Verb == StoreVerb.Write && request.Key.StartsWith(Combining.Left.Inbox, StringComparison.Ordinal);
            Assert.All(scene[0].Database.Left.All, static write => Assert.Equal(new LeftAs(write.Entry.Id, write.Entry.CollectionEpoch), write.Transaction.LeftAs));
            return isThere && request.Verb == StoreVerb.Read ? cancel.CancelAsync() : Task.CompletedTask;
        };
        var write = scene[0].Database.ExecuteAsync(Bump, cancel.Token);
        bool tookEffect = false;
        try
        {
            await write;
            tookEffect = true;
        }
        catch (OperationCanceledException)
        {
        }

        long then = await scene[1].CountAsync("SELECT w FROM t WHERE v = 0");
        Assert.Equal(tookEffect ? 3 : 2, then);
        await scene[1].CombineAsync();
        Assert.Equal(then, await scene[1].CountAsync("SELECT w FROM t WHERE v = 0"));
    }

    [Fact]
    public async Task One_that_is_given_up_is_unknown_until_that_is_durable()
    {
        await using var scene = await SceneAsync(new DatabaseOptions { Threads = 2, RetryTime = TimeSpan.FromSeconds(3) });
        LoseTwice(scene);

        // No swap gets through any more.
        bool isThere = false;
        scene[0].Store.Always = request =>
        {
            isThere |= request.Key.StartsWith(Combining.Left.Inbox, StringComparison.Ordinal);
            return isThere && request.Verb == StoreVerb.Swap ? Fault.Busy : Fault.None;
        };
        var error = await Process.FailureAsync(scene[0].Database.ExecuteAsync(Bump));
        Assert.Equal((ErrorCodes.OutcomeUnknown, false), (error.Code, error.OutcomeKnown));
        await scene[1].CombineAsync();
        Assert.InRange(await scene[1].CountAsync("SELECT w FROM t WHERE v = 0"), 2, 3);
    }

    [Fact]
    public async Task Damage_that_its_owner_meets_is_told_at_once_and_it_does_not_take_effect_afterwards()
    {
        var options = new DatabaseOptions { Threads = 2, InlineBytes = 1 << 10, RetryTime = TimeSpan.FromSeconds(20) };
        await using var scene = await SceneAsync(options);
        await scene[0].RunAllAsync("CREATE TABLE big(w)", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO big SELECT hex(randomblob(300)) FROM n");
        for (int i = 0; i < 8; i++)
        {
            await scene[0].RunAsync(Bump);
        }

        // Who comes now finds that commits come fast.
        await scene[0].Engine.DisposeAsync();
        string key = new DatabaseKeys(Scene.Name).Segment((await scene.HeadAsync()).Segments.MaxBy(segment => segment.ObjectBytes)!);
        byte[] good = (await scene.Memory.ReadAsync(key, null, CancellationToken.None)).Content.ToArray();
        await scene.Memory.WriteAsync(key, good.AsMemory(0, good.Length / 2), CancellationToken.None);
        var late = await scene.JoinAsync(options);
        var error = await Process.FailureAsync(late.Database.ExecuteAsync("UPDATE big SET w = 'x'"));
        Assert.Equal((ErrorKind.Corrupt, ErrorCodes.Damaged, key), (error.Kind, error.Code, error.Object));
        Assert.Contains(late.Store.Requests, request => request.Verb == StoreVerb.Write && request.Key.StartsWith(Combining.Left.Inbox, StringComparison.Ordinal));

        await scene.Memory.WriteAsync(key, good, CancellationToken.None);
        await scene[1].CombineAsync();
        Assert.Equal(0, await scene[1].CountAsync("SELECT count(*) FROM big WHERE w = 'x'"));
    }

    [Fact]
    public async Task Its_owner_may_die()
    {
        await using var scene = await SceneAsync();
        LoseTwice(scene);
        var left = new TaskCompletionSource();
        scene[0].Store.Before = async request =>
        {
            if (left.Task.IsCompleted)
            {
                await Task.Delay(Timeout.Infinite);
            }

            if (request.Verb == StoreVerb.Write && request.Key.StartsWith(Combining.Left.Inbox, StringComparison.Ordinal))
            {
                _ = Task.Delay(20).ContinueWith(_ => left.TrySetResult(), TaskScheduler.Default);
            }
        };
        _ = scene[0].Database.ExecuteAsync(Bump);
        await left.Task.WaitAsync(TimeSpan.FromSeconds(60));
        scene[0].IsDead = true;
        await scene[1].CombineAsync();
        Assert.Equal(3, await scene[1].CountAsync("SELECT w FROM t WHERE v = 0"));
    }

    [Fact]
    public async Task A_crowd_shares_its_swaps()
    {
        await using var scene = new Scene { Combines = true };
        for (int i = 0; i < 12; i++)
        {
            var process = await scene.JoinAsync(new DatabaseOptions { Threads = 1 });
            process.Store.Always = _ => Fault.Slow(TimeSpan.FromMilliseconds(15), TimeSpan.FromMilliseconds(15));
        }

        await scene[0].Engine.CreateAsync(Scene.Name);
        await scene[0].RunAsync("CREATE TABLE t(who INTEGER, i INTEGER)");
        await Task.WhenAll(scene.Processes.Select((process, who) => Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                await process.RunAsync("INSERT INTO t VALUES (?, ?)", who, i);
            }
        })));
        Assert.Equal(240, await scene[0].CountAsync("SELECT count(*) FROM (SELECT DISTINCT who, i FROM t)"));
        Assert.Equal(240, await scene[0].CountAsync("SELECT count(*) FROM t"));
        long version = (await scene.HeadAsync()).Version;
        Assert.InRange(version, 12, 200);
    }

    [Fact]
    public async Task Who_has_no_rivals_never_looks_at_the_inbox()
    {
        await using var scene = await SceneAsync();
        await scene.LeaveAsync("UPDATE t SET w = 100");
        for (int i = 0; i < 100; i++)
        {
            await scene[0].RunAsync(Bump);
        }

        Assert.Equal(100, await scene[0].CountAsync("SELECT w FROM t WHERE v = 0"));
    }

    /// <summary>A rival is first, twice: then a write is left in any case.</summary>
    private static void LoseTwice(Scene scene)
    {
        for (int i = 0; i < 2; i++)
        {
            scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync(Bump));
        }
    }

    private static int Left(Scene scene) =>
        scene[0].Store.Requests.Count(request => request.Verb == StoreVerb.Write && request.Key.StartsWith(Combining.Left.Inbox, StringComparison.Ordinal));

    private static async Task<Scene> SceneAsync(DatabaseOptions? options = null)
    {
        var scene = new Scene { Combines = true };
        await scene.JoinAsync(options);
        await scene.JoinAsync(options);
        await scene[0].Engine.CreateAsync(Scene.Name);
        await scene[0].RunAllAsync(Schema, "INSERT INTO t VALUES (0, 0)");
        await scene[1].Database.DescribeAsync();
        return scene;
    }
}
