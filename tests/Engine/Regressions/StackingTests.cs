namespace OrleansSqlite.Tests.Regressions;

/// <summary>What a transaction saw of its neighbours counts once it is durable; the versions told are those that were seen.</summary>
public sealed class StackingTests
{
    [Fact]
    public async Task A_closures_own_exception_is_not_told_of_a_state_that_never_was()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(n); INSERT INTO t VALUES (100)");
        var gate = new Gate();
        rivals.Faults.BeforeNextSwap = async () =>
        {
            await gate.PassAsync();
            await rivals.There.ExecuteAsync("UPDATE t SET n = n + 1; CREATE TABLE stop(x)");
        };

        // The first one takes the balance to 0, but only as long as there is no table "stop": it loses, and leaves 101 behind.
        var first = rivals.Here.ExecuteAsync("UPDATE t SET n = 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'stop')");
        await gate.Reached;
        List<long> seen = [];
        var second = rivals.Here.WriteAsync(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT n FROM t";
            seen.Add((long)command.ExecuteScalar()!);
            return seen[^1] == 0 ? throw new InvalidOperationException("The balance is 0.") : seen[^1];
        });
        await Rivals.StackedAsync(rivals.Here);
        Assert.Equal([0], seen);
        Assert.False(second.IsCompleted);
        gate.Open();
        await first;
        Assert.Equal(101, (await second).Value);
        Assert.Equal([0, 101], seen);
    }

    [Fact]
    public async Task A_closures_own_exception_comes_out_once_what_it_saw_is_durable()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(n); INSERT INTO t VALUES (100)");
        var gate = new Gate();
        rivals.Faults.BeforeNextSwap = gate.PassAsync;
        var first = rivals.Here.ExecuteAsync("UPDATE t SET n = 0");
        await gate.Reached;
        var second = rivals.Here.WriteAsync<long>(_ => throw new InvalidOperationException("The balance is 0."));
        await Rivals.StackedAsync(rivals.Here);
        Assert.False(second.IsCompleted);
        gate.Open();
        await first;
        await Assert.ThrowsAsync<InvalidOperationException>(() => second);
    }

    [Fact]
    public async Task A_repeated_operation_is_answered_whatever_version_it_was_meant_for()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(v)");
        var insert = new Batch("INSERT INTO t VALUES (1)") { OperationId = "x", ExpectedVersion = 1 };
        var first = await rivals.Here.ExecuteAsync(insert);
        Assert.Equal((2, false), (first.Version, first.Repeated));
        foreach (var database in new[] { rivals.Here, rivals.There })
        {
            var again = await database.ExecuteAsync(insert);
            Assert.Equal((2, true), (again.Version, again.Repeated));
        }

        var other = await Assert.ThrowsAsync<DatabaseException>(() => rivals.Here.ExecuteAsync(insert with { OperationId = "y" }));
        Assert.Equal(ErrorCodes.VersionMismatch, other.Code);
        Assert.Equal("1", await Rivals.RowsAsync(rivals.Here, "SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_write_that_expects_the_version_told_to_an_unchanged_batch_overwrites_nothing_that_it_did_not_see()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(n); INSERT INTO t VALUES (5)");
        var gate = new Gate();
        rivals.Faults.BeforeNextSwap = gate.PassAsync;
        var before = rivals.Here.ExecuteAsync("INSERT INTO t VALUES (6)");
        await gate.Reached;

        // These two go into one group: what the read saw is not what the group's version holds.
        var read = rivals.Here.ExecuteAsync(new Batch("SELECT n FROM t WHERE rowid = 1"));
        var write = rivals.Here.ExecuteAsync(new Batch("UPDATE t SET n = 50 WHERE rowid = 1"));
        await Rivals.StackedAsync(rivals.Here);
        gate.Open();
        await before;
        var saw = await read;
        Assert.Equal(5, saw.Results[0].Rows[0][0].AsInteger());
        Assert.True(saw.Version < (await write).Version);

        var update = new Batch("UPDATE t SET n = 5 + 1 WHERE rowid = 1") { ExpectedVersion = saw.Version };
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivals.Here.ExecuteAsync(update));
        Assert.Equal((ErrorKind.Conflict, ErrorCodes.VersionMismatch), (error.Kind, error.Code));
        Assert.Equal("50;6", await Rivals.RowsAsync(rivals.There, "SELECT n FROM t ORDER BY rowid"));
    }

    [Fact]
    public async Task An_unchanged_batch_behind_all_changes_of_its_group_is_told_the_groups_version()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(n); INSERT INTO t VALUES (5)");
        var gate = new Gate();
        rivals.Faults.BeforeNextSwap = gate.PassAsync;
        var before = rivals.Here.ExecuteAsync("INSERT INTO t VALUES (6)");
        await gate.Reached;
        var write = rivals.Here.ExecuteAsync(new Batch("UPDATE t SET n = 50 WHERE rowid = 1"));
        var read = rivals.Here.ExecuteAsync(new Batch("SELECT n FROM t WHERE rowid = 1"));
        await Rivals.StackedAsync(rivals.Here);
        gate.Open();
        await before;
        long version = (await write).Version;
        Assert.Equal((50, version), ((await read).Results[0].Rows[0][0].AsInteger(), (await read).Version));
        await rivals.Here.ExecuteAsync(new Batch("UPDATE t SET n = 51 WHERE rowid = 1") { ExpectedVersion = version });
    }

    [Fact]
    public async Task A_write_that_expects_a_version_does_not_run_on_changes_that_are_stacked_on_it()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(n); INSERT INTO t VALUES (5)");
        var gate = new Gate();
        rivals.Faults.BeforeNextSwap = gate.PassAsync;
        var write = rivals.Here.ExecuteAsync("UPDATE t SET n = 50");
        await gate.Reached;
        var expecting = new[] { 1, 2 }.Select(
            version => rivals.Here.ExecuteAsync(new Batch("UPDATE t SET n = n + 1") { ExpectedVersion = version })).ToArray();
        await Rivals.StackedAsync(rivals.Here);
        gate.Open();
        await write;
        foreach (var task in expecting)
        {
            Assert.Equal(ErrorCodes.VersionMismatch, (await Assert.ThrowsAsync<DatabaseException>(() => task)).Code);
        }

        Assert.Equal("50", await Rivals.RowsAsync(rivals.There, "SELECT n FROM t"));
    }

    [Fact]
    public async Task The_version_that_the_operation_log_keeps_is_the_one_that_the_caller_was_told()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(v)");
        var (gate, read) = await ConfirmAsync(rivals);
        var insert = new Batch("INSERT INTO t VALUES (1)") { OperationId = "one" };
        var first = rivals.Here.ExecuteAsync(insert);
        await Rivals.StackedAsync(rivals.Here);
        gate.Open();
        await read;
        var again = await rivals.Here.ExecuteAsync(insert with { });
        Assert.Equal(((await first).Version, true), (again.Version, again.Repeated));
        Assert.Equal(2, again.Version);
        Assert.Equal(2, (await rivals.There.DescribeAsync()).Version);
    }

    [Fact]
    public async Task A_write_that_expects_the_newest_version_runs_though_reads_are_stacked_before_it()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(v)");
        var (gate, read) = await ConfirmAsync(rivals);
        var insert = rivals.Here.ExecuteAsync(new Batch("INSERT INTO t VALUES (1)") { ExpectedVersion = 1 });
        await Rivals.StackedAsync(rivals.Here);
        gate.Open();
        await read;
        Assert.Equal(2, (await insert).Version);
    }

    /// <summary>A batch that changes nothing, while the head is asked whether what it saw is current.</summary>
    private static async Task<(Gate Gate, Task Read)> ConfirmAsync(Rivals rivals)
    {
        var gate = new Gate();
        rivals.Faults.BeforeNextRead = gate.PassAsync;
        var read = rivals.Here.ExecuteAsync("SELECT 1");
        await gate.Reached;
        return (gate, read);
    }
}
