using OrleansSqlite.Format;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>Databases that come and go while others have them open.</summary>
public sealed class DeletionTests
{
    private const string Schema = "CREATE TABLE t(v TEXT)";
    private const string Insert = "INSERT INTO t VALUES ('x')";
    private static readonly ReadLevel Any = ReadLevel.AtLeast(0);

    [Fact]
    public async Task A_deleted_database_leaves_a_tombstone_that_no_writer_passes()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var open = scene[1].Database;
        await scene[0].Engine.DeleteAsync(Scene.Name);
        Assert.Equal(HeadState.Tombstone, (await scene.HeadAsync()).State);
        Assert.Equal(ErrorCodes.DatabaseGone, (await Process.FailureAsync(open.ExecuteAsync(Insert))).Code);
        Assert.Equal(HeadState.Tombstone, (await scene.HeadAsync()).State);
    }

    [Fact]
    public async Task A_write_whose_swap_is_under_way_at_the_deletion_lands_before_it_or_learns_of_it()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[1].Store.BeforeNext(StoreVerb.Swap, () => scene[0].Engine.DeleteAsync(Scene.Name));
        Assert.Equal(ErrorCodes.DatabaseGone, (await Process.FailureAsync(scene[1].RunAsync(Insert))).Code);
        Assert.Equal(HeadState.Tombstone, (await scene.HeadAsync()).State);
    }

    [Fact]
    public async Task A_reader_learns_of_the_deletion_and_keeps_what_it_has_read()
    {
        await using var scene = await Scene.WithAsync(2, Schema, Insert);
        var open = scene[1].Database;
        await scene[0].Engine.DeleteAsync(Scene.Name);
        Assert.Equal(ErrorCodes.DatabaseGone, (await Process.FailureAsync(open.ScalarAsync("SELECT count(*) FROM t"))).Code);
        Assert.Equal(SqlValue.From(1), await open.ScalarAsync("SELECT count(*) FROM t", Any));

        // Whoever opens it anew hears that there is none.
        Assert.Equal(ErrorCodes.DatabaseNotFound, (await Process.FailureAsync(scene[1].CountAsync("SELECT count(*) FROM t"))).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_database_created_anew_is_another_one_and_opening_it_again_helps(bool byRead)
    {
        await using var scene = await Scene.WithAsync(2, Schema, Insert);
        var open = scene[1].Database;
        await scene[0].Engine.DeleteAsync(Scene.Name);
        await scene[0].Engine.CreateAsync(Scene.Name);
        await scene[0].RunAsync("CREATE TABLE other(v)");

        var call = byRead ? open.ScalarAsync("SELECT 1") : (Task)open.ExecuteAsync(Insert);
        Assert.Equal(ErrorCodes.DatabaseGone, (await Process.FailureAsync(call)).Code);
        Assert.Equal("other", string.Join('|', await scene[1].ColumnAsync("SELECT name FROM sqlite_schema")));
        await scene[1].RunAsync("INSERT INTO other VALUES (1)");
        Assert.Equal(1, await scene[0].CountAsync("SELECT count(*) FROM other"));
    }

    [Fact]
    public async Task A_write_that_lost_its_reply_across_a_deletion_and_a_creation_is_not_reported_as_done()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[1].Store.Next(StoreVerb.Swap, Fault.RequestLost);
        scene[1].Store.BeforeNext(StoreVerb.Read, async () =>
        {
            await scene[0].Engine.DeleteAsync(Scene.Name);
            await scene[0].Engine.CreateAsync(Scene.Name);
        });
        Assert.Equal(ErrorCodes.DatabaseGone, (await Process.FailureAsync(scene[1].RunAsync(Insert))).Code);
        Assert.Equal(0, (await scene.HeadAsync()).Version);
    }

    [Theory]
    [InlineData(FaultKind.ReplyLost)]
    [InlineData(FaultKind.Echo)]
    [InlineData(FaultKind.Late)]
    internal async Task A_creation_that_lost_its_reply_is_found_to_have_landed(FaultKind fault)
    {
        await using var scene = new Scene();
        var process = await scene.JoinAsync();
        process.Store.Next(StoreVerb.Swap, new Fault(fault, Requests: 2));
        var made = await process.Engine.CreateAsync(Scene.Name);
        Assert.Equal((await scene.HeadAsync()).DatabaseId, made.Id);
    }

    [Fact]
    public async Task A_creation_that_lost_its_reply_is_found_even_if_others_have_written_since()
    {
        await using var scene = new Scene();
        var process = await scene.JoinAsync();
        var other = await scene.JoinAsync();
        process.Store.Next(StoreVerb.Swap, Fault.ReplyLost);
        process.Store.BeforeNext(StoreVerb.Read, () => other.RunAsync(Schema));
        var made = await process.Engine.CreateAsync(Scene.Name);
        Assert.Equal((await scene.HeadAsync()).DatabaseId, made.Id);
    }

    [Fact]
    public async Task A_creation_that_a_rival_was_first_to_says_that_it_exists()
    {
        await using var scene = new Scene();
        var process = await scene.JoinAsync();
        var rival = await scene.JoinAsync();
        process.Store.BeforeNext(StoreVerb.Swap, () => rival.Engine.CreateAsync(Scene.Name));
        Assert.Equal(ErrorCodes.DatabaseExists, (await Process.FailureAsync(process.Engine.CreateAsync(Scene.Name))).Code);
    }

    [Fact]
    public async Task A_deletion_that_lost_its_reply_has_happened_once()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        scene[0].Store.Next(StoreVerb.Swap, Fault.ReplyLost);
        await scene[0].Engine.DeleteAsync(Scene.Name);
        Assert.Equal(ErrorCodes.DatabaseNotFound, (await Process.FailureAsync(scene[0].Engine.DeleteAsync(Scene.Name))).Code);
    }

    [Fact]
    public async Task A_deletion_waits_for_its_place_behind_a_commit_that_was_first()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync(Insert));
        await scene[0].Engine.DeleteAsync(Scene.Name);
        var head = await scene.HeadAsync();
        Assert.Equal((HeadState.Tombstone, 2), (head.State, head.Version));
    }
}
