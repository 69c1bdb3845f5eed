using OrleansSqlite.Commit;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Regressions;

/// <summary>Nobody is told "not applied" of what was applied, and what nobody knows is told as unknown.</summary>
public sealed class OutcomeTests
{
    private const string BigTable =
        "CREATE TABLE t(v); CREATE TABLE big(v); "
        + "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 2000) INSERT INTO big SELECT randomblob(2000) FROM r";

    private const string Ten = "INSERT INTO t SELECT randomblob(3000) FROM json_each('[1,2,3,4,5,6,7,8,9,10]')";

    [Fact]
    public async Task A_commit_that_landed_is_told_so_when_the_pages_it_merged_can_no_longer_be_read()
    {
        await using var rivals = await Rivals.OpenAsync(BigTable, new DatabaseOptions { InlineBytes = 4096, PageCacheBytes = 1 << 20 });
        await rivals.Here.ExecuteAsync(Ten);
        int segments = (await rivals.Here.DescribeAsync()).Segments;

        // This one merges the segment of the one before. Then its pages go from memory, and nothing can be read once it has landed.
        rivals.Faults.BeforeNextSwap = () => Rivals.RowsAsync(rivals.Here, "SELECT sum(length(v)) FROM big");
        rivals.Faults.AfterNextSwap = () =>
        {
            rivals.Faults.RangeFailure = StoreFailure.Denied;
            return Task.CompletedTask;
        };
        await rivals.Here.ExecuteAsync(Ten);

        // Nor has anybody tried: the callers would have waited for it.
        Assert.Equal(0, rivals.Faults.RefusedRanges);
        rivals.Faults.RangeFailure = null;
        Assert.Equal("20", await Rivals.RowsAsync(rivals.Here, "SELECT count(*) FROM t"));
        Assert.Equal("20,ok", await Rivals.RowsAsync(rivals.There, "SELECT count(*), (SELECT integrity_check FROM pragma_integrity_check) FROM t"));
        Assert.Equal(segments, (await rivals.Here.DescribeAsync()).Segments);
    }

    [Fact]
    public async Task A_failure_of_this_process_after_the_swap_has_landed_is_not_told_to_the_caller()
    {
        await using var rivals = await Rivals.OpenAsync(null);
        bool fails = false;
        rivals.First.AtPoint = point => fails && point == CommitPoint.Landed ? throw new InvalidOperationException("after landing") : default;
        await rivals.First.CreateAsync("app");
        await rivals.Here.ExecuteAsync("CREATE TABLE t(v)");
        fails = true;
        await rivals.Here.ExecuteAsync("INSERT INTO t VALUES (1)");
        fails = false;
        await rivals.Here.ExecuteAsync("INSERT INTO t VALUES (2)");
        Assert.Equal("1;2", await Rivals.RowsAsync(rivals.Here, "SELECT v FROM t ORDER BY v"));
        Assert.Equal("1;2", await Rivals.RowsAsync(rivals.There, "SELECT v FROM t ORDER BY v"));
    }

    [Theory]
    [InlineData(StoreFailure.Denied)]
    [InlineData(StoreFailure.Misconfigured)]
    public async Task A_swap_whose_answer_was_lost_is_unknown_when_the_head_may_not_be_read(StoreFailure failure)
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(v)");
        rivals.Faults.AfterNextSwap = () =>
        {
            rivals.Faults.ReadFailure = failure;
            throw FaultStore.Lost();
        };
        var insert = new Batch("INSERT INTO t VALUES (1)") { OperationId = "once" };
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivals.Here.ExecuteAsync(insert));
        Assert.Equal((ErrorKind.Unavailable, ErrorCodes.OutcomeUnknown, false), (error.Kind, error.Code, error.OutcomeKnown));

        rivals.Faults.ReadFailure = null;
        Assert.Equal("1", await Rivals.RowsAsync(rivals.There, "SELECT count(*) FROM t"));
        Assert.True((await RepeatedAsync(rivals, insert)).Repeated);
        Assert.Equal("1", await Rivals.RowsAsync(rivals.Here, "SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task An_unforeseen_failure_of_a_swap_that_was_sent_is_unknown()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(v)");
        rivals.Faults.AfterNextSwap = () => throw new InvalidOperationException("a defect of the client");
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivals.Here.ExecuteAsync("INSERT INTO t VALUES (1)"));
        Assert.False(error.OutcomeKnown);
        Assert.Equal("1", await Rivals.RowsAsync(rivals.Here, "SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_creation_whose_answer_was_lost_is_told_although_somebody_has_committed_on_top()
    {
        await using var rivals = await Rivals.OpenAsync(null);
        rivals.Faults.AfterNextSwap = async () =>
        {
            await rivals.There.ExecuteAsync("CREATE TABLE t(v)");
            throw FaultStore.Lost();
        };
        await rivals.First.CreateAsync("app");
        Assert.Equal("0", await Rivals.RowsAsync(rivals.Here, "SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_creation_in_the_place_of_a_deleted_database_is_told_although_somebody_has_committed_on_top()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE old(v)");
        await rivals.First.DeleteAsync("app");
        rivals.Faults.AfterNextSwap = async () =>
        {
            await rivals.There.ExecuteAsync("CREATE TABLE t(v)");
            throw FaultStore.Lost();
        };
        await rivals.First.CreateAsync("app");
        Assert.Equal("t", await Rivals.RowsAsync(rivals.Here, "SELECT name FROM sqlite_schema"));
    }

    [Fact]
    public async Task A_creation_that_somebody_else_was_quicker_with_is_still_refused()
    {
        await using var rivals = await Rivals.OpenAsync(null);
        rivals.Faults.BeforeNextSwap = () => rivals.Second.CreateAsync("app");
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivals.First.CreateAsync("app"));
        Assert.Equal(ErrorCodes.DatabaseExists, error.Code);
    }

    /// <summary>The engine looks at the head by itself after a doubt; a write that comes while that look is refused is told so.</summary>
    private static async Task<BatchResult> RepeatedAsync(Rivals rivals, Batch batch)
    {
        try
        {
            return await rivals.Here.ExecuteAsync(batch);
        }
        catch (DatabaseException e) when (e.Code is ErrorCodes.StoreDenied or ErrorCodes.BadStore)
        {
            return await rivals.Here.ExecuteAsync(batch);
        }
    }
}
