using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Commit;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Reads;

/// <summary>What reads cost, request by request.</summary>
public sealed class ReadRequestsTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)";
    private const string Insert = "INSERT INTO t(v) VALUES (hex(randomblob(300)))";
    private const string Count = "SELECT count(*) FROM t";

    [Fact]
    public async Task Opening_is_one_GET_and_no_LIST()
    {
        await using var scene = await Scene.WithAsync(1, Schema, Insert);
        var process = await scene.JoinAsync();
        Assert.Equal(1, await process.CountAsync(Count));
        Assert.Equal((1, 1), (process.Engine.Requests.Requests, process.Engine.Requests.Reads));
    }

    [Fact]
    public async Task Opening_by_many_at_once_is_one_GET_and_a_look_that_they_share()
    {
        await using var scene = await Scene.WithAsync(1, Schema, Insert);
        var process = await scene.JoinAsync();
        var held = Held.Next(process.Store, StoreVerb.Read);
        var first = Enumerable.Range(0, 50).Select(_ => process.CountAsync(Count)).ToList();
        await held.Arrived;

        // Those who come while the head is on its way need proof that it is still current.
        var later = Enumerable.Range(0, 50).Select(_ => process.CountAsync(Count)).ToList();
        held.Release();
        await Task.WhenAll([.. first, .. later]);
        Assert.Equal((2, 2), (process.Engine.Requests.Requests, process.Engine.Requests.Reads));
        Assert.Equal(0, process.Engine.Requests.Listings);
    }

    [Fact]
    public async Task Opening_and_reading_what_lies_in_a_segment_is_two_GETs()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        await scene[0].RunAsync(Sql.Series("INSERT INTO t(v) SELECT hex(randomblob(300)) FROM generate_series(1, 1000)"));
        var process = await scene.JoinAsync();
        Assert.Equal(1000, await process.CountAsync(Count));
        Assert.Equal((2, 1, 1), (process.Engine.Requests.Requests, process.Engine.Requests.Reads, process.Engine.Requests.RangeReads));
    }

    [Fact]
    public async Task A_warm_strong_read_is_one_conditional_GET()
    {
        await using var scene = await Scene.WithAsync(1, Schema, Insert);
        var cost = await CommitRequestsTests.CostAsync(scene[0], () => scene[0].CountAsync(Count));
        Assert.Equal((1, 1, 1), (cost.Requests, cost.Reads, cost.NotModified));
        cost = await CommitRequestsTests.CostAsync(scene[0], () => scene[0].Database.ReadAsync(db => Sql.Scalar(db, Count)));
        Assert.Equal((1, 1, 1), (cost.Requests, cost.Reads, cost.NotModified));
    }

    [Fact]
    public async Task However_many_wait_share_one_conditional_GET()
    {
        await using var scene = await Scene.WithAsync(1, Schema, Insert);
        var held = Held.Next(scene[0].Store, StoreVerb.Read);
        var cost = await CommitRequestsTests.CostAsync(scene[0], async () =>
        {
            var first = scene[0].CountAsync(Count);
            await held.Arrived;

            // They may not use the look that is under way, which began before they did.
            var others = Enumerable.Range(0, 100).Select(_ => scene[0].CountAsync(Count)).ToArray();
            held.Release();
            await first;
            await Task.WhenAll(others);
        });
        Assert.Equal((2, 2, 2), (cost.Requests, cost.Reads, cost.NotModified));
    }

    [Fact]
    public async Task A_stale_read_asks_at_most_once_in_its_time()
    {
        await using var scene = await Scene.WithAsync(2, Schema, Insert);
        var process = await scene.JoinAsync();
        var level = ReadLevel.StaleBy(TimeSpan.FromSeconds(10));
        await process.Database.ScalarAsync(Count, level);
        var cost = await CommitRequestsTests.CostAsync(process, async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => process.Database.ScalarAsync(Count, level)));
                await Task.Delay(TimeSpan.FromSeconds(1), scene.Time);
            }
        });
        Assert.InRange(cost.Requests, 9, 11);
        Assert.Equal(cost.Requests, cost.NotModified);
    }

    [Fact]
    public async Task A_stale_read_after_the_processes_own_commit_is_free()
    {
        await using var scene = await Scene.WithAsync(1, Schema, Insert);
        await Task.Delay(TimeSpan.FromHours(1), scene.Time);
        await scene[0].RunAsync(Insert);
        var cost = await CommitRequestsTests.CostAsync(
            scene[0], async () => Assert.Equal(SqlValue.From(2), await scene[0].Database.ScalarAsync(Count, ReadLevel.StaleBy(TimeSpan.FromSeconds(1)))));
        Assert.Equal(0, cost.Requests);
    }

    [Fact]
    public async Task At_least_a_version_is_free_if_that_is_here()
    {
        await using var scene = await Scene.WithAsync(2, Schema, Insert);
        var cost = await CommitRequestsTests.CostAsync(scene[0], () => scene[0].Database.ScalarAsync(Count, ReadLevel.AtLeast(1)));
        Assert.Equal(0, cost.Requests);

        long version = (await scene[1].Database.ExecuteAsync(Insert)).Version;
        cost = await CommitRequestsTests.CostAsync(
            scene[0], async () => Assert.Equal(SqlValue.From(2), await scene[0].Database.ScalarAsync(Count, ReadLevel.AtLeast(version))));
        Assert.Equal((1, 1), (cost.Requests, cost.Reads));
    }

    [Fact]
    public async Task What_this_process_has_flushed_is_read_without_a_GET()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var cost = await CommitRequestsTests.CostAsync(scene[0], async () =>
        {
            for (int i = 0; i < 400; i++)
            {
                await scene[0].RunAsync("INSERT INTO t(v) VALUES (hex(randomblob(1500)))");
                await scene[0].Database.ScalarAsync("SELECT sum(length(v)) FROM t", ReadLevel.AtLeast(1));
            }
        });
        Assert.True(cost.Writes > 2, "Nothing was flushed.");
        Assert.Equal(0, cost.RangeReads);
        Assert.NotEmpty((await scene.HeadAsync()).Segments);
    }

    [Fact]
    public async Task A_reader_follows_a_writer_by_its_heads_alone()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        for (int i = 0; i < 20; i++)
        {
            await scene[1].RunAsync(Insert);
            var cost = await CommitRequestsTests.CostAsync(scene[0], async () => Assert.Equal(i + 1, await scene[0].CountAsync(Count)));
            Assert.Equal((1, 1, 0), (cost.Requests, cost.Reads, cost.NotModified));
        }
    }
}
