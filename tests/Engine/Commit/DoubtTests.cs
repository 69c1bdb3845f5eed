using Microsoft.Data.Sqlite;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>Swaps without an answer whose outcome is hard to find out, or cannot be.</summary>
public sealed class DoubtTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT)";
    private const string Insert = "INSERT INTO t(v) VALUES ('mine')";
    private const string Mine = "SELECT count(*) FROM t WHERE v = 'mine'";
    private static readonly DatabaseOptions Inline = new() { Threads = 2, InlineBytes = 4 << 20 };
    private static readonly DatabaseOptions Flushing = new() { Threads = 2, InlineBytes = 1 << 10 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_commit_is_found_in_a_frame_when_the_head_lists_only_later_ones(bool applied)
    {
        await using var scene = await Scene.WithAsync(2, Inline, Schema);
        await AheadAsync(scene, applied, commits: 300);
        var head = await scene.HeadAsync();
        Assert.Null(head.CommitOf(2));
        Assert.Equal(1, head.FirstFrameVersion);
        Assert.Equal(1, await scene[1].CountAsync(Mine));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_commit_is_found_in_a_segment_when_the_head_lists_only_later_ones(bool applied)
    {
        await using var scene = await Scene.WithAsync(2, Flushing, Schema);
        List<bool> onPool = [];
        scene[0].Store.Before = request =>
        {
            lock (onPool)
            {
                onPool.AddRange(request.Verb == StoreVerb.ReadRange ? [Thread.CurrentThread.IsThreadPoolThread] : []);
            }

            return Task.CompletedTask;
        };
        await AheadAsync(scene, applied, commits: 300);
        var head = await scene.HeadAsync();
        Assert.Null(head.CommitOf(2));
        Assert.True(head.FirstFrameVersion > 2);

        // Whoever waits for a segment waits on the engine's own threads: those of the pool must be free to serve it.
        Assert.NotEmpty(onPool);
        Assert.DoesNotContain(true, onPool);
        Assert.Equal(1, await scene[1].CountAsync(Mine));
    }

    [Fact]
    public async Task A_commit_that_no_list_names_any_more_is_unknown_and_its_caller_is_told_so()
    {
        await using var scene = await Scene.WithAsync(2, Flushing, Schema);
        scene[0].Store.Next(StoreVerb.Swap, Fault.ReplyLost);
        scene[0].Store.BeforeNext(StoreVerb.Read, async () =>
        {
            // An import takes the place of all segments, and with them goes the list of commits that they hold.
            await ImportAsync(scene[1], Schema);
            await CommitsAsync(scene[1], 300);
        });
        var error = await Process.FailureAsync(scene[0].RunAsync(Insert));
        Assert.Equal((ErrorKind.Unavailable, ErrorCodes.OutcomeUnknown, false), (error.Kind, error.Code, error.OutcomeKnown));

        // The doubt concerned that write alone.
        await scene[0].RunAsync(Insert);
        Assert.Equal(1, await scene[1].CountAsync(Mine));
    }

    [Fact]
    public async Task A_store_that_comes_back_in_time_resolves_the_doubt()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.Next(StoreVerb.Swap, Fault.ReplyLost);
        var back = scene.Time.Elapsed + TimeSpan.FromSeconds(20);
        scene[0].Store.Always = _ => scene.Time.Elapsed < back ? Fault.RequestLost : Fault.None;
        var result = await scene[0].Database.ExecuteAsync(Insert);
        Assert.Equal(2, result.Version);
        Assert.True(scene.Time.Elapsed >= back);
        Assert.Equal(1, await scene[1].CountAsync(Mine));
    }

    [Theory]
    [InlineData(FaultKind.ReplyLost, 1)]
    [InlineData(FaultKind.RequestLost, 0)]
    [InlineData(FaultKind.Late, 1)]
    internal async Task A_store_that_stays_away_leaves_it_unknown_and_the_operation_id_resolves_it(FaultKind swap, int applied)
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var batch = new Batch(new Statement(Insert)) { OperationId = "once" };
        scene[0].Store.Next(StoreVerb.Swap, new Fault(swap, Requests: 100_000));
        scene[0].Store.Always = _ => Fault.RequestLost;
        var began = scene.Time.Elapsed;
        var error = await Process.FailureAsync(scene[0].Database.ExecuteAsync(batch));
        Assert.Equal((ErrorKind.Unavailable, ErrorCodes.OutcomeUnknown, false), (error.Kind, error.Code, error.OutcomeKnown));
        Assert.InRange(scene.Time.Elapsed - began, TimeSpan.FromSeconds(29), TimeSpan.FromSeconds(60));

        scene[0].Store.Always = null;
        await scene[0].Store.SettleAsync();
        Assert.Equal(applied, await scene[1].CountAsync(Mine));
        var again = await scene[0].Database.ExecuteAsync(batch);
        Assert.Equal(applied == 1, again.Repeated);
        Assert.Equal(2, again.Version);
        Assert.Equal(1, await scene[1].CountAsync(Mine));
    }

    [Fact]
    public async Task The_segments_of_a_write_that_stays_unknown_are_there_when_it_lands_after_all()
    {
        const string large = "INSERT INTO t(v) SELECT hex(randomblob(1000)) FROM generate_series(1, 4000)";
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.Next(StoreVerb.Swap, Fault.LateBy(100_000));
        scene[0].Store.Always = request => request.Key == Scene.HeadKey ? Fault.RequestLost : Fault.None;
        var error = await Process.FailureAsync(scene[0].RunAsync(Sql.Series(large)));
        Assert.Equal((ErrorCodes.OutcomeUnknown, false), (error.Code, error.OutcomeKnown));

        // Whoever gives up must not clean up: the head may come to name what was uploaded.
        scene[0].Store.Always = null;
        await scene[0].Store.SettleAsync();
        Assert.NotEmpty((await scene.HeadAsync()).Segments);
        Assert.Equal(4000, await scene[1].CountAsync("SELECT count(*) FROM t"));
        Assert.Equal("ok", Assert.Single(await scene[1].ColumnAsync("PRAGMA integrity_check")));
    }

    [Fact]
    public async Task Writes_that_were_stacked_on_an_unknown_one_run_again()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var stacked = Task.CompletedTask;
        scene[0].Store.BeforeNext(
            StoreVerb.Swap,
            () =>
            {
                stacked = scene[0].RunAsync("INSERT INTO t(v) VALUES ('stacked')");
                return Task.CompletedTask;
            },
            Fault.ReplyLost);
        var down = true;
        scene[0].Store.Always = _ => down ? Fault.RequestLost : Fault.None;
        var first = scene[0].RunAsync(Insert);
        Assert.False((await Process.FailureAsync(first)).OutcomeKnown);
        down = false;
        try
        {
            await stacked;
            Assert.Equal("1|mine\n2|stacked", await scene[1].RowsAsync("SELECT * FROM t ORDER BY id"));
        }
        catch (DatabaseException e)
        {
            // The head could not be read in time for it: then it was not applied, for certain.
            Assert.True(e.OutcomeKnown);
            Assert.Equal("1|mine", await scene[1].RowsAsync("SELECT * FROM t ORDER BY id"));
        }
    }

    [Theory]
    [InlineData(FaultKind.Flipped)]
    [InlineData(FaultKind.Truncated)]
    [InlineData(FaultKind.Denied)]
    internal async Task A_head_that_cannot_be_read_cannot_deny_that_the_swap_landed(FaultKind read)
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.Next(StoreVerb.Swap, Fault.ReplyLost);
        scene[0].Store.Next(StoreVerb.Read, new Fault(read));
        try
        {
            await scene[0].RunAsync(Insert);
        }
        catch (DatabaseException e)
        {
            Assert.False(e.OutcomeKnown);
        }

        Assert.Equal(1, await scene[1].CountAsync(Mine));
        await scene[0].RunAsync("INSERT INTO t(v) VALUES ('next')");
        Assert.Equal("mine|next", string.Join('|', await scene[1].ColumnAsync("SELECT v FROM t ORDER BY id")));
    }

    [Fact]
    public async Task A_store_that_breaks_its_contract_leaves_the_outcome_open()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => throw new InvalidOperationException("a bug in a store"));
        var database = scene[0].Database;
        var error = await Process.FailureAsync(database.ExecuteAsync(Insert));
        Assert.Equal((ErrorCodes.OutcomeUnknown, false), (error.Code, error.OutcomeKnown));
        Assert.Equal(SqlValue.From(0), await database.ScalarAsync(Mine));
        await scene[0].RunAsync(Insert);
        Assert.Equal(1, await scene[1].CountAsync(Mine));
    }

    private static async Task AheadAsync(Scene scene, bool applied, int commits)
    {
        scene[0].Store.Next(StoreVerb.Swap, applied ? Fault.ReplyLost : Fault.RequestLost);
        scene[0].Store.BeforeNext(StoreVerb.Read, () => CommitsAsync(scene[1], commits));
        int runs = 0;
        var result = await scene[0].Database.WriteAsync(db => ++runs + Sql.Execute(db, Insert));
        Assert.Equal(applied ? 1 : 2, runs);
        Assert.Equal(applied ? 2 : commits + 2, result.Version);
    }

    private static async Task CommitsAsync(Process process, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await process.RunAsync("INSERT INTO t(v) VALUES (?)", i);
        }
    }

    private static async Task ImportAsync(Process process, string schema)
    {
        string file = Path.Combine(Path.GetTempPath(), $"import-{Guid.NewGuid():N}.sqlite");
        try
        {
            using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
            {
                connection.Open();
                Sql.Execute(connection, schema);
            }

            await process.Engine.ImportAsync(Scene.Name, file, replace: true);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
