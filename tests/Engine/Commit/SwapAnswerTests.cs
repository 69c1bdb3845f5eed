using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>What each answer of a swap is taken for, and what a swap without an answer turns out to be.</summary>
public sealed class SwapAnswerTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT)";
    private const string Insert = "INSERT INTO t(v) VALUES ('mine')";
    private const string Mine = "SELECT count(*) FROM t WHERE v = 'mine'";

    [Fact]
    public async Task A_lost_reply_is_found_to_have_landed_and_the_insert_happens_once()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.Next(StoreVerb.Swap, Fault.ReplyLost);
        var result = await scene[0].Database.ExecuteAsync(Insert);
        Assert.Equal(2, result.Version);
        Assert.Equal(1, await scene[1].CountAsync(Mine));
        Assert.Equal(2, (await scene.HeadAsync()).Version);
    }

    [Fact]
    public async Task The_own_412_after_a_retry_is_landed_and_not_a_rival()
    {
        await using var scene = await Scene.WithAsync(2, Schema);

        // The first PUT arrives together with the second: the look at the head in between has found nothing.
        scene[0].Store.Next(StoreVerb.Swap, Fault.LateBy(2));
        var result = await scene[0].Database.ExecuteAsync(Insert);
        Assert.Equal(2, scene[0].Store.Requests.Count(request => request.Verb == StoreVerb.Swap) - 2);
        Assert.Equal(2, result.Version);
        Assert.Equal(1, await scene[1].CountAsync(Mine));
    }

    [Fact]
    public async Task The_own_412_of_a_PUT_that_was_repeated_on_the_way_is_landed()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.Next(StoreVerb.Swap, Fault.Echo);
        int runs = 0;
        var result = await scene[0].Database.WriteAsync(db => ++runs + Sql.Execute(db, Insert));
        Assert.Equal((2, 1), (result.Version, runs));
        Assert.Equal(1, await scene[1].CountAsync(Mine));
    }

    [Fact]
    public async Task A_late_twin_of_a_swap_that_landed_by_its_repetition_changes_nothing()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.Next(StoreVerb.Swap, Fault.LateBy(1000));
        await scene[0].RunAsync(Insert);
        await scene[1].RunAsync("INSERT INTO t(v) VALUES ('rival')");
        await scene[0].Store.SettleAsync();
        Assert.Equal("1|mine\n2|rival", await scene[0].RowsAsync("SELECT * FROM t ORDER BY id"));
        Assert.Equal("1|mine\n2|rival", await scene[1].RowsAsync("SELECT * FROM t ORDER BY id"));
    }

    [Fact]
    public async Task A_late_twin_that_lands_while_its_writer_asks_is_found()
    {
        await using var scene = await Scene.WithAsync(2, Schema);

        // It arrives as the writer looks at the head.
        scene[0].Store.Next(StoreVerb.Swap, Fault.LateBy(1));
        await scene[0].RunAsync(Insert);
        Assert.Equal(3, scene[0].Store.Count(StoreVerb.Swap));
        Assert.Equal(1, await scene[1].CountAsync(Mine));
    }

    [Fact]
    public async Task A_409_is_sent_again_and_not_taken_for_a_conflict()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        int reads = scene[0].Store.Count(StoreVerb.Read);
        int swaps = scene[0].Store.Count(StoreVerb.Swap);
        scene[0].Store.Next(StoreVerb.Swap, Fault.Busy, Fault.Busy, Fault.Busy);
        int runs = 0;
        await scene[0].Database.WriteAsync(db => ++runs + Sql.Execute(db, Insert));
        Assert.Equal(1, runs);
        Assert.Equal(0, scene[0].Store.Count(StoreVerb.Read) - reads);
        Assert.Equal(4, scene[0].Store.Count(StoreVerb.Swap) - swaps);
        Assert.Equal(1, await scene[0].CountAsync(Mine));
    }

    /// <summary>A proxy repeats the request, both copies arrive at once, and the 409 is the answer to the second one.</summary>
    [Theory]
    [InlineData("denied")]
    [InlineData("full")]
    [InlineData("lost")]
    [InlineData("refused")]
    public async Task A_409_may_be_that_of_a_twin_and_what_comes_after_it_does_not_settle_it(string then)
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.Next(StoreVerb.Swap, Fault.BusyTwin, then switch
        {
            "denied" => Fault.Denied,
            "full" => Fault.Full,
            "lost" => Fault.RequestLost,
            _ => Fault.Refused,
        });
        await scene[0].RunAsync(Insert);
        Assert.Equal(1, await scene[1].CountAsync(Mine));
    }

    [Fact]
    public async Task A_store_that_answers_409_for_ever_leaves_a_doubt()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        scene[0].Store.Always = request => request.Verb == StoreVerb.Swap ? Fault.Busy : Fault.None;
        var error = await Process.FailureAsync(scene[0].RunAsync(Insert));
        Assert.Equal((ErrorKind.Unavailable, ErrorCodes.OutcomeUnknown, false), (error.Kind, error.Code, error.OutcomeKnown));

        scene[0].Store.Always = null;
        Assert.Equal(0, await scene[0].CountAsync(Mine));
        await scene[0].RunAsync(Insert);
        Assert.Equal(1, await scene[0].CountAsync(Mine));
    }

    [Fact]
    public async Task A_store_that_refuses_a_swap_without_a_rival_has_not_applied_it()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        scene[0].Store.Always = request => request.Verb == StoreVerb.Swap ? Fault.Refused : Fault.None;
        var error = await Process.FailureAsync(scene[0].RunAsync(Insert));
        Assert.Equal((ErrorKind.Unavailable, true), (error.Kind, error.OutcomeKnown));
        Assert.Equal(0, await scene[0].CountAsync(Mine));
    }

    [Fact]
    public async Task A_404_is_a_database_that_is_gone_and_not_an_empty_one()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var open = scene[0].Database;
        await scene.Memory.DeleteAsync(Scene.HeadKey, default);
        var error = await Process.FailureAsync(open.ExecuteAsync(Insert));
        Assert.Equal((ErrorKind.Invalid, ErrorCodes.DatabaseGone), (error.Kind, error.Code));
        Assert.Equal(ReadAnswer.Missing, (await scene.Memory.ReadAsync(Scene.HeadKey, null, default)).Answer);

        // The old handle keeps saying so, a new one says what is there now.
        Assert.Equal(ErrorCodes.DatabaseGone, (await Process.FailureAsync(open.ExecuteAsync(Insert))).Code);
        Assert.Equal(ErrorCodes.DatabaseNotFound, (await Process.FailureAsync(scene[0].RunAsync(Insert))).Code);
    }

    [Fact]
    public async Task A_lost_race_is_run_again_on_top_of_the_rival()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync("INSERT INTO t(v) VALUES ('rival')"));
        int runs = 0;
        var result = await scene[0].Database.WriteAsync(db => ++runs + Sql.Execute(db, Insert));
        Assert.Equal((3, 2), (result.Version, runs));
        Assert.Equal("1|rival\n2|mine", await scene[1].RowsAsync("SELECT * FROM t ORDER BY id"));
    }

    [Theory]
    [InlineData(FaultKind.Denied, ErrorCodes.StoreDenied)]
    [InlineData(FaultKind.Full, ErrorCodes.StoreFull)]
    internal async Task A_refusal_is_definite_and_the_next_write_succeeds(FaultKind kind, string code)
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        scene[0].Store.Next(StoreVerb.Swap, new Fault(kind));
        var error = await Process.FailureAsync(scene[0].RunAsync(Insert));
        Assert.Equal((code, true), (error.Code, error.OutcomeKnown));
        Assert.Equal(0, await scene[0].CountAsync(Mine));
        await scene[0].RunAsync(Insert);
        Assert.Equal(1, await scene[0].CountAsync(Mine));
    }

    [Theory]
    [InlineData(FaultKind.Denied, ErrorCodes.StoreDenied)]
    [InlineData(FaultKind.Full, ErrorCodes.StoreFull)]
    internal async Task A_refused_upload_is_definite_and_the_next_write_succeeds(FaultKind kind, string code)
    {
        const string large = "INSERT INTO t(v) SELECT hex(randomblob(1000)) FROM generate_series(1, 4000)";
        await using var scene = await Scene.WithAsync(1, Schema);
        scene[0].Store.Next(StoreVerb.Write, new Fault(kind));
        int swaps = scene[0].Store.Count(StoreVerb.Swap);
        var error = await Process.FailureAsync(scene[0].RunAsync(Sql.Series(large)));
        Assert.Equal((code, true), (error.Code, error.OutcomeKnown));
        Assert.Equal(swaps, scene[0].Store.Count(StoreVerb.Swap));
        await scene[0].RunAsync(Sql.Series(large));
        Assert.Equal(4000, await scene[0].CountAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_refusal_after_a_doubt_does_not_settle_it()
    {
        await using var scene = await Scene.WithAsync(2, Schema);

        // The first PUT is still on its way when the permission ends; it lands all the same.
        scene[0].Store.Next(StoreVerb.Swap, Fault.LateBy(4), Fault.Denied);
        await scene[0].RunAsync(Insert);
        Assert.Equal(1, await scene[1].CountAsync(Mine));
    }
}
