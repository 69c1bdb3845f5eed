using Microsoft.Data.Sqlite;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Regressions;

/// <summary>Reads fail as the library says, and end when they are cancelled.</summary>
public sealed class ReadTests
{
    private const string Stored =
        "CREATE TABLE t(v); INSERT INTO t SELECT randomblob(3000) FROM json_each('[1,2,3,4,5,6,7,8,9]')";

    [Theory]
    [InlineData(StoreFailure.Denied, ErrorCodes.StoreDenied)]
    [InlineData(StoreFailure.Unavailable, ErrorCodes.StoreUnavailable)]
    public async Task A_failure_of_the_store_below_a_read_comes_out_as_the_librarys_own(StoreFailure failure, string code)
    {
        await using var rivals = await Rivals.OpenAsync(null, new DatabaseOptions { InlineBytes = 1024 });
        await rivals.Second.CreateAsync("app");
        await rivals.There.ExecuteAsync(Stored);
        rivals.Faults.RangeFailure = failure;
        var errors = await Task.WhenAll(
            Assert.ThrowsAsync<DatabaseException>(() => rivals.Here.ReadAsync(Sum)),
            Assert.ThrowsAsync<DatabaseException>(() => Rivals.RowsAsync(rivals.Here, "SELECT sum(length(v)) FROM t")),
            Assert.ThrowsAsync<DatabaseException>(() => rivals.Here.WriteAsync(Sum)),
            Assert.ThrowsAsync<DatabaseException>(() => rivals.Here.ExecuteAsync("SELECT sum(length(v)) FROM t")));
        Assert.All(errors, error => Assert.Equal((ErrorKind.Unavailable, code, "app"), (error.Kind, error.Code, error.Database)));

        rivals.Faults.RangeFailure = null;
        Assert.Equal(27000, await rivals.Here.ReadAsync(Sum));
        Assert.Equal("27000", await Rivals.RowsAsync(rivals.Here, "SELECT sum(length(v)) FROM t"));
    }

    [Fact]
    public async Task Cancelling_interrupts_the_running_statement_of_a_closure_that_reads()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(v)");
        using var cancellation = new CancellationTokenSource();
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool finished = false;
        var read = rivals.Here.ReadAsync(
            connection =>
            {
                connection.CreateFunction("running", () => running.TrySetResult());
                using var command = connection.CreateCommand();
                command.CommandText =
                    "WITH RECURSIVE r(i) AS (SELECT running() UNION ALL SELECT i + 1 FROM r WHERE i < 1000000000) SELECT count(*) FROM r";
                var count = command.ExecuteScalar();
                finished = true;
                return count;
            },
            default,
            cancellation.Token);
        await running.Task.WaitAsync(Rivals.Patience);
        await cancellation.CancelAsync();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Rivals.Patience));
        Assert.Equal(cancellation.Token, error.CancellationToken);
        Assert.False(finished);
    }

    [Fact]
    public async Task A_handle_to_a_deleted_database_says_so_and_the_engine_gives_the_new_one()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(v); INSERT INTO t VALUES ('old')");
        var handle = rivals.There;
        Assert.Equal("old", await Rivals.RowsAsync(handle, "SELECT v FROM t"));
        await rivals.First.DeleteAsync("app");
        await rivals.First.CreateAsync("app");
        await rivals.Here.ExecuteAsync("CREATE TABLE t(v); INSERT INTO t VALUES ('new')");

        var error = await Assert.ThrowsAsync<DatabaseException>(() => Rivals.RowsAsync(handle, "SELECT v FROM t"));
        Assert.Equal(ErrorCodes.DatabaseGone, error.Code);
        Assert.Equal("new", await Rivals.RowsAsync(rivals.There, "SELECT v FROM t"));
        await rivals.There.ExecuteAsync("INSERT INTO t VALUES ('newer')");
        Assert.Equal("new;newer", await Rivals.RowsAsync(rivals.Here, "SELECT v FROM t ORDER BY rowid"));
    }

    [Fact]
    public async Task A_handle_to_a_deleted_database_that_only_writes_says_so_and_the_engine_gives_the_new_one()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(v)");
        var handle = rivals.There;
        await handle.ExecuteAsync("INSERT INTO t VALUES ('old')");
        await rivals.First.DeleteAsync("app");
        await rivals.First.CreateAsync("app");
        await rivals.Here.ExecuteAsync("CREATE TABLE t(v)");

        var error = await Assert.ThrowsAsync<DatabaseException>(() => handle.ExecuteAsync("INSERT INTO t VALUES ('for the old one')"));
        Assert.Equal((ErrorCodes.DatabaseGone, true), (error.Code, error.OutcomeKnown));
        await rivals.There.ExecuteAsync("INSERT INTO t VALUES ('new')");
        Assert.Equal("new", await Rivals.RowsAsync(rivals.Here, "SELECT v FROM t"));
    }

    [Fact]
    public async Task A_write_under_way_is_answered_when_its_engine_is_disposed_of()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(v)");
        var gate = new Gate();
        rivals.Faults.AfterNextSwap = gate.PassAsync;
        var write = rivals.Here.ExecuteAsync("INSERT INTO t VALUES (1)");
        await gate.Reached;
        var behind = rivals.Here.ExecuteAsync("INSERT INTO t VALUES (2)");
        await Rivals.StackedAsync(rivals.Here);
        var disposing = rivals.First.DisposeAsync().AsTask();

        // Time to end too early, which it must not use.
        await Task.WhenAny(disposing, Task.Delay(TimeSpan.FromMilliseconds(250)));
        Assert.False(disposing.IsCompleted);
        Assert.False(rivals.Faults.IsDisposed);
        gate.Open();
        await write;
        await behind;
        await disposing.WaitAsync(Rivals.Patience);
        Assert.True(rivals.Faults.IsDisposed);
        Assert.Equal("1;2", await Rivals.RowsAsync(rivals.There, "SELECT v FROM t ORDER BY v"));
    }

    private static long Sum(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT sum(length(v)) FROM t";
        return (long)command.ExecuteScalar()!;
    }
}
