using Microsoft.Data.Sqlite;
using OrleansSqlite.Tests.Commit;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Reads;

/// <summary>What each level of reading promises.</summary>
public sealed class ReadLevelTests
{
    private const string Schema = "CREATE TABLE t(v)";
    private const string Insert = "INSERT INTO t VALUES ('x')";
    private const string Count = "SELECT count(*) FROM t";
    private static readonly string Endless = Sql.Series("SELECT count(*) FROM generate_series(1, 1000000000000)");

    [Fact]
    public async Task A_strong_read_sees_what_was_acknowledged_elsewhere_before_it_began()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        for (int i = 1; i <= 30; i++)
        {
            await scene[i % 2].RunAsync(Insert);
            Assert.Equal(i, await scene[(i + 1) % 2].CountAsync(Count));
        }
    }

    [Fact]
    public async Task A_strong_read_does_not_join_a_look_that_began_before_it()
    {
        await using var scene = await Scene.WithAsync(2, Schema);

        // The first look has its answer already, on its way back, when the rival commits and the second read begins.
        scene[0].Store.Next(StoreVerb.Read, Fault.Slow(TimeSpan.Zero, TimeSpan.FromSeconds(1)));
        var first = scene[0].CountAsync(Count);
        await scene[1].RunAsync(Insert);
        Assert.Equal(1, await scene[0].CountAsync(Count));
        Assert.InRange(await first, 0, 1);
    }

    [Fact]
    public async Task A_reader_does_not_wait_for_a_writer_and_sees_what_is_durable()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var held = Held.Next(scene[0].Store, StoreVerb.Swap);
        var write = scene[0].RunAsync(Insert);
        await held.Arrived;
        Assert.Equal(0, await scene[0].CountAsync(Count));

        // A rival's newer head is read beside what is stacked here.
        await scene[1].RunAllAsync(Insert, Insert);
        Assert.Equal(2, await scene[0].CountAsync(Count));
        held.Release();
        await write;
        Assert.Equal(3, await scene[0].CountAsync(Count));
    }

    [Fact]
    public async Task A_version_that_is_not_there_yet_is_said_to_be_so()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var error = await Process.FailureAsync(scene[0].Database.ScalarAsync(Count, ReadLevel.AtLeast(9)));
        Assert.Equal((ErrorKind.Invalid, ErrorCodes.VersionNotReached, 1), (error.Kind, error.Code, error.Version));
    }

    [Fact]
    public async Task A_stale_read_is_never_older_than_it_says()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var level = ReadLevel.StaleBy(TimeSpan.FromSeconds(5));
        await scene[0].Database.ScalarAsync(Count);
        await scene[1].RunAsync(Insert);
        scene.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(SqlValue.From(0), await scene[0].Database.ScalarAsync(Count, level));
        scene.Time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(SqlValue.From(1), await scene[0].Database.ScalarAsync(Count, level));
    }

    [Fact]
    public async Task The_store_failing_is_the_readers_error_and_the_next_read_succeeds()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        scene[0].Store.Always = _ => Fault.RequestLost;
        var errors = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Process.FailureAsync(scene[0].CountAsync(Count))));
        Assert.All(errors, error => Assert.Equal((ErrorKind.Unavailable, ErrorCodes.StoreUnavailable), (error.Kind, error.Code)));
        Assert.Equal(SqlValue.From(0), await scene[0].Database.ScalarAsync(Count, ReadLevel.AtLeast(1)));
        scene[0].Store.Always = null;
        Assert.Equal(0, await scene[0].CountAsync(Count));
    }

    [Theory]
    [InlineData(FaultKind.Flipped)]
    [InlineData(FaultKind.Truncated)]
    internal async Task A_damaged_head_is_an_error_and_never_read(FaultKind fault)
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        await scene[1].RunAsync(Insert);
        scene[0].Store.Next(StoreVerb.Read, new Fault(fault));
        var error = await Process.FailureAsync(scene[0].CountAsync(Count));
        Assert.Equal((ErrorKind.Corrupt, Scene.HeadKey), (error.Kind, error.Object));
        Assert.Equal(1, await scene[0].CountAsync(Count));
    }

    [Theory]
    [InlineData(FaultKind.Flipped)]
    [InlineData(FaultKind.Truncated)]
    internal async Task A_damaged_segment_is_an_error_and_never_read(FaultKind fault)
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        await scene[0].RunAsync(Sql.Series("INSERT INTO t SELECT hex(randomblob(300)) FROM generate_series(1, 1000)"));
        int errors = 0;
        for (int i = 0; i < 20; i++)
        {
            // Elsewhere each time. Damage in a block that merely came along is left for whoever needs the block, and reads it again.
            var process = await scene.JoinAsync();
            // After an object that was too short, what is wanted of it is read alone.
            process.Store.Next(StoreVerb.ReadRange, fault == FaultKind.Truncated ? [new Fault(fault), new Fault(fault)] : [new Fault(fault)]);
            try
            {
                Assert.Equal(1000, await process.CountAsync(Count));
            }
            catch (DatabaseException error)
            {
                errors++;
                Assert.Equal(ErrorKind.Corrupt, error.Kind);
                Assert.StartsWith("app/segments/", error.Object);
            }

            Assert.Equal(1000, await process.CountAsync(Count));
        }

        Assert.InRange(errors, 1, 20);
    }

    [Fact]
    public async Task A_read_that_is_given_up_lets_its_snapshot_go()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var held = Held.Next(scene[0].Store, StoreVerb.Read);
        using var cancelled = new CancellationTokenSource();
        var read = scene[0].Database.ScalarAsync(Count, default, cancelled.Token);
        await held.Arrived;
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(TimeSpan.FromSeconds(20)));
        held.Release();
        Assert.Equal(0, await scene[0].CountAsync(Count));
    }

    [Theory, CombinatorialBool]
    public async Task A_running_read_is_interrupted(bool closure)
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        using var cancelled = new CancellationTokenSource();
        var read = closure
            ? scene[0].Database.ReadAsync(db => Sql.Scalar(db, Endless), default, cancelled.Token)
            : (Task)scene[0].Database.ScalarAsync(Endless, default, cancelled.Token);
        await Task.Delay(100);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task A_closure_that_reads_what_cannot_be_read_gets_the_librarys_error()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        await scene[0].RunAsync(Sql.Series("INSERT INTO t SELECT hex(randomblob(300)) FROM generate_series(1, 1000)"));
        var process = await scene.JoinAsync();
        process.Store.Next(StoreVerb.ReadRange, Fault.Denied);
        var error = await Process.FailureAsync(process.Database.ReadAsync(db => Sql.Scalar(db, Count)));
        Assert.Equal(ErrorCodes.StoreDenied, error.Code);

        // The closure's own errors come out as they are.
        await Assert.ThrowsAsync<SqliteException>(() => process.Database.ReadAsync(db => Sql.Scalar(db, "SELECT nonsense")));
        await Assert.ThrowsAsync<SqliteException>(() => process.Database.ReadAsync(db => Sql.Execute(db, Insert)));
    }

    [Fact]
    public async Task A_reader_keeps_its_version_while_others_write()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        await scene[0].RunAsync(Sql.Series("INSERT INTO t SELECT value FROM generate_series(1, 5000)"));
        await using var rows = await scene[0].Database.QueryAsync("SELECT v FROM t");
        int read = (await rows.ReadAsync()).Count;
        for (int i = 0; i < 20; i++)
        {
            await scene[i % 2].RunAsync("DELETE FROM t WHERE rowid % 3 = ?", i % 3);
        }

        while (await rows.ReadAsync() is { Count: > 0 } more)
        {
            read += more.Count;
        }

        Assert.Equal(5000, read);
        Assert.Equal(2, rows.Version);
        Assert.Equal(0, await scene[0].CountAsync(Count));
    }

    [Fact]
    public async Task A_failure_in_the_middle_is_not_taken_for_the_end()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        await using var rows = await scene[0].Database.QueryAsync(Sql.Series("SELECT CASE WHEN value < 600 THEN value ELSE abs(-9223372036854775807 - 1) END FROM generate_series(1, 2000)"));
        Assert.Equal(512, (await rows.ReadAsync()).Count);
        for (int i = 0; i < 3; i++)
        {
            var error = await Process.FailureAsync(rows.ReadAsync().AsTask());
            Assert.Contains("integer overflow", error.Message);
        }
    }

    [Fact]
    public async Task A_query_that_was_interrupted_does_not_end_in_silence()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        using var cancelled = new CancellationTokenSource();
        await using var rows = await scene[0].Database.QueryAsync(Sql.Series("SELECT value FROM generate_series(1, 100000000) WHERE value <= 600 OR value = 100000000"));
        Assert.Equal(512, (await rows.ReadAsync()).Count);
        var read = rows.ReadAsync(cancelled.Token).AsTask();
        await Task.Delay(50);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(TimeSpan.FromSeconds(30)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await rows.ReadAsync());
    }

    [Fact]
    public async Task Hot_readers_do_not_keep_the_first_of_them()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        using var stop = new CancellationTokenSource();
        Task[] crowd = [.. Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await scene[0].CountAsync(Count);
            }
        }))];
        for (int i = 0; i < 50; i++)
        {
            await Task.Run(() => scene[0].CountAsync(Count)).WaitAsync(TimeSpan.FromSeconds(10));
        }

        await stop.CancelAsync();
        await Task.WhenAll(crowd).WaitAsync(TimeSpan.FromSeconds(10));
    }
}
