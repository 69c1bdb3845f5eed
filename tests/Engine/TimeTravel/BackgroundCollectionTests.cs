using OrleansSqlite.Maintenance;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.TimeTravel;

/// <summary>Whoever writes collects now and then, and nobody notices.</summary>
public sealed class BackgroundCollectionTests
{
    private static readonly DatabaseOptions Daily = new() { Threads = 2, InlineBytes = 1 << 10, CollectInterval = TimeSpan.FromHours(23) };

    /// <summary>Functions that live for a few commits, two at a time, for two months: together they collect about once a day, and keep what they should.</summary>
    [Fact]
    public async Task A_database_that_is_written_to_is_collected_about_once_in_an_interval()
    {
        await using var scene = await Scene.WithAsync(1, Daily with { CollectInterval = TimeSpan.Zero }, "CREATE TABLE t(v, w)");
        int most = 0;
        for (int day = 0; day < 60; day++)
        {
            for (int hour = 0; hour < 24; hour += 4)
            {
                await using var one = await scene.JoinAsync(Daily);
                await using var two = await scene.JoinAsync(Daily);
                for (int i = 0; i < 2; i++)
                {
                    await one.RunAsync("INSERT INTO t VALUES (?, hex(randomblob(300)))", day);
                    await two.RunAsync("DELETE FROM t WHERE v < ?", day - 2);
                }

                one.IsDead = two.IsDead = true;
                scene.Time.Advance(TimeSpan.FromHours(4));
            }

            most = day < 30 ? most : Math.Max(most, (await ForkTests.KeysAsync(scene)).Length);
        }

        // Nothing is older than a week before the eighth day; then it is once a day, give or take the quarter of an interval that chance has.
        var head = await scene.HeadAsync();
        Assert.InRange(head.CollectionEpoch, 30ul, 70ul);
        Assert.True(most < 1500, $"{most} objects");
        Assert.Equal([], (await scene[0].Engine.VerifyAsync(Scene.Name, history: true)).Findings);
        var weekAgo = ReadLevel.AtTime(scene.Time.GetUtcNow() - TimeSpan.FromDays(7));
        Assert.Equal(52, (await scene[0].Database.ScalarAsync("SELECT max(v) FROM t", weekAgo)).AsInteger(), 1.0);
        var twoWeeksAgo = ReadLevel.AtTime(scene.Time.GetUtcNow() - TimeSpan.FromDays(15));
        Assert.Equal(ErrorCodes.VersionGone, (await Process.FailureAsync(scene[0].Database.ScalarAsync("SELECT max(v) FROM t", twoWeeksAgo))).Code);
    }

    [Fact]
    public async Task Nobody_collects_what_has_nothing_to_collect_or_whom_the_setting_forbids_it()
    {
        await using var scene = await Scene.WithAsync(1, Daily, "CREATE TABLE t(v, w)");
        var off = await scene.JoinAsync(Daily with { CollectInterval = TimeSpan.Zero });

        // All of it stands in the head.
        var young = await scene.JoinAsync(Daily with { InlineBytes = 1 << 20 });
        for (int i = 0; i < 30; i++)
        {
            scene.Time.Advance(TimeSpan.FromDays(30));
            await young.RunAsync("INSERT INTO t VALUES (?, 1)", i);
        }

        Assert.Equal(0, young.Engine.Requests.Listings);
        for (int i = 0; i < 30; i++)
        {
            scene.Time.Advance(TimeSpan.FromDays(30));
            await off.RunAsync("INSERT INTO t VALUES (?, hex(randomblob(2000)))", i);
        }

        Assert.Equal(0, off.Engine.Requests.Listings);
        Assert.Equal(0ul, (await scene.HeadAsync()).CollectionEpoch);
    }

    [Fact]
    public async Task One_that_fails_harms_nobody()
    {
        await using var scene = await ForkTests.WithRowsAsync(60);
        scene.Time.Advance(TimeSpan.FromDays(30));
        var process = await scene.JoinAsync(Daily);
        var refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Store.Always = request =>
        {
            if (request.Verb != StoreVerb.Delete || !request.Key.Contains("/checkpoints/", StringComparison.Ordinal))
            {
                return Fault.None;
            }

            refused.TrySetResult();
            return new Fault(FaultKind.Denied);
        };
        for (int i = 0; i < 10; i++)
        {
            scene.Time.Advance(TimeSpan.FromDays(1));
            await process.RunAsync("INSERT INTO t VALUES (?, hex(randomblob(2000)))", i);

            // The first commit begins one for certain, since it was due for weeks. It has lost its race if a day passes meanwhile.
            await refused.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }

        await process.DisposeAsync();
        Assert.Equal(70, await scene[0].CountAsync("SELECT count(*) FROM t"));
        Assert.Equal([], (await scene[0].Engine.VerifyAsync(Scene.Name, history: true)).Findings);
    }

    [Fact]
    public async Task One_that_fails_is_not_tried_again_at_every_commit()
    {
        await using var scene = await ForkTests.WithRowsAsync(60);
        scene.Time.Advance(TimeSpan.FromDays(9));
        await using var process = await scene.JoinAsync(Daily);
        await process.CountAsync("SELECT count(*) FROM t");

        // Its commits stand on what it knows; a collection reads the head first.
        process.Store.Always = request => request.Verb == StoreVerb.Read && request.Key == Scene.HeadKey ? new Fault(FaultKind.Denied) : Fault.None;
        for (int i = 0; i < 50; i++)
        {
            await process.RunAsync("INSERT INTO t VALUES (?, 0)", i);
        }

        Assert.InRange(process.Engine.Requests.Listings, 1, 4);
        Assert.Equal(0ul, (await scene.HeadAsync()).CollectionEpoch);
    }

    /// <summary>Chance decides who begins, from the moment that it is due; a wrong clock's date puts it off for an interval at most.</summary>
    [Theory]
    [InlineData(0.5, null)]
    [InlineData(1.0, 0.0)]
    [InlineData(1.125, 0.5)]
    [InlineData(1.25, 1.0)]
    [InlineData(30, 116.0)]
    [InlineData(-0.5, null)]
    [InlineData(-2, 4.0)]
    public async Task It_becomes_due_by_and_by(double intervals, double? chance)
    {
        await using var scene = await ForkTests.WithRowsAsync(60);
        scene.Time.Advance(TimeSpan.FromDays(30));
        var process = await scene.JoinAsync(new DatabaseOptions { Threads = 2, CollectInterval = TimeSpan.FromHours(10) });
        await process.CountAsync("SELECT count(*) FROM t");
        var context = process.Database.Context;
        long collected = context.StoreClock.EarliestMs() - (long)(intervals * TimeSpan.FromHours(10).TotalMilliseconds);
        var head = await scene.HeadAsync();
        head = head with { History = head.History! with { CollectedAtMs = collected } };

        double? due = BackgroundCollection.Due(head, context);

        Assert.Equal(chance is null, due is null);
        Assert.InRange((due ?? 0) - (chance ?? 0), -0.01, 0.01);

        // Nothing is old enough yet, and little was left behind since.
        var young = head with { History = head.History with { RetentionSeconds = 86_400 * 1000 } };
        Assert.Null(BackgroundCollection.Due(young, context));
    }
}
