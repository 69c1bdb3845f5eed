using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>A batch for one version runs on exactly that version, or not at all.</summary>
public sealed class ExpectedVersionTests
{
    private const string Schema = "CREATE TABLE t(v TEXT)";

    [Fact]
    public async Task It_runs_on_its_version_and_on_no_other()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        Assert.Equal(2, (await scene[0].Database.ExecuteAsync(Expecting(1))).Version);
        foreach (long version in new long[] { 0, 1, 3 })
        {
            var error = await Process.FailureAsync(scene[0].Database.ExecuteAsync(Expecting(version)));
            Assert.Equal((ErrorKind.Conflict, ErrorCodes.VersionMismatch, 2), (error.Kind, error.Code, error.Version));
        }

        Assert.Equal(1, await scene[0].CountAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_lost_swap_is_a_mismatch_and_not_run_again()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync("INSERT INTO t VALUES ('rival')"));
        var error = await Process.FailureAsync(scene[0].Database.ExecuteAsync(Expecting(1)));
        Assert.Equal((ErrorCodes.VersionMismatch, 2), (error.Code, error.Version));
        Assert.Equal("rival", Assert.Single(await scene[0].ColumnAsync("SELECT v FROM t")));
    }

    [Fact]
    public async Task A_version_that_a_rival_has_made_meanwhile_is_found()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        await scene[1].RunAsync("INSERT INTO t VALUES ('rival')");

        // This process has not heard of version 2 yet, and so meets a mismatch at first; it asks before it says so.
        Assert.Equal(3, (await scene[0].Database.ExecuteAsync(Expecting(2))).Version);
    }

    [Fact]
    public async Task On_top_of_a_write_under_way_it_is_a_mismatch()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var held = Held.Next(scene[0].Store, StoreVerb.Swap);
        var write = scene[0].RunAsync("INSERT INTO t VALUES ('first')");
        await held.Arrived;
        var batch = await GroupTests.StackAsync(scene[0], 2, () => scene[0].Database.ExecuteAsync(Expecting(1)));
        held.Release();
        await write;
        Assert.Equal(ErrorCodes.VersionMismatch, (await Process.FailureAsync(batch)).Code);
    }

    [Fact]
    public async Task On_top_of_one_that_changes_nothing_it_runs()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var held = Held.Next(scene[0].Store, StoreVerb.Read);
        var nothing = scene[0].RunAsync("DELETE FROM t WHERE v = 'none'");
        await held.Arrived;
        var batch = await GroupTests.StackAsync(scene[0], 2, () => scene[0].Database.ExecuteAsync(Expecting(1)));
        held.Release();
        await nothing;
        Assert.Equal(2, (await (Task<BatchResult>)batch).Version);
    }

    private static Batch Expecting(long version) => new(new Statement("INSERT INTO t VALUES ('mine')")) { ExpectedVersion = version };
}
