using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Tests.Faults;
using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.Commit;

/// <summary>Each invariant can be broken, and is noticed when it is.</summary>
public sealed class InvariantTests
{
    private const string Schema = "CREATE TABLE t(v)";
    private static readonly Head Below = Heads.Below();

    [Fact]
    public void A_commit_as_it_should_be_breaks_none() => Invariants.CheckCommit("app", Below, Heads.After(Below));

    [Fact]
    public void Version_is_the_bases_plus_one()
    {
        Broken(next => next with { Version = Below.Version });
        Broken(next => next with { Version = Below.Version + 2 });
    }

    [Fact]
    public void A_deleted_database_is_not_committed_to() =>
        Broken(next => next with { State = HeadState.Tombstone, PageBytes = 0, PageCount = 0, Frames = [], Segments = [] });

    [Fact]
    public void A_commit_stays_in_its_database() => Broken(next => next with { DatabaseId = Guid.Empty });

    [Fact]
    public void The_id_is_new() =>
        Broken(next => next with { SwapId = Below.SwapId, Recent = [.. next.Recent[..^1], next.Recent[^1] with { Id = Below.SwapId }] });

    [Fact]
    public void The_id_is_the_one_listed() => Broken(next => next with { SwapId = new CommitId(77) });

    [Fact]
    public void A_commit_begins_no_collection_epoch() => Broken(next => next with { CollectionEpoch = Below.CollectionEpoch + 1 });

    [Fact]
    public void A_new_segment_was_uploaded_under_the_epoch_of_its_base()
    {
        var entry = Heads.Segment(Below.CollectionEpoch - 1);
        Broken(next => next with { Segments = [entry] });

        // One that the base names already may be older.
        var below = Below with { Segments = [entry] };
        Invariants.CheckCommit("app", below, Heads.After(below));
        Invariants.CheckCommit("app", Below, Heads.After(Below) with { Segments = [Heads.Segment(Below.CollectionEpoch)] });
    }

    [Fact]
    public void A_head_that_breaks_its_own_rules_is_not_sent()
    {
        Broken(next => next with { PageCount = 0 });
        Broken(next => next with { PageCount = next.PageCount + 1 });
        Broken(next => next with { Frames = [] , Segments = [Heads.Segment(Below.CollectionEpoch) with { MaxVersion = next.Version + 1 }] });
    }

    [Fact]
    public void History_does_not_go_back()
    {
        Invariants.CheckLoad("app", null, Below);
        Invariants.CheckLoad("app", Below, Below);
        Invariants.CheckLoad("app", Below, Heads.After(Below));
        Tripped(() => Invariants.CheckLoad("app", Heads.After(Below), Below));
    }

    [Fact]
    public void History_does_not_change()
    {
        var other = Heads.After(Below) with { Recent = [new CommitRecord(new CommitId(99), Sample.TimeMs), new CommitRecord(new CommitId(100), Sample.TimeMs)] };
        Tripped(() => Invariants.CheckLoad("app", Below, other));

        // Another database has another history, and a tombstone ends it.
        Invariants.CheckLoad("app", Below, other with { DatabaseId = Guid.Empty });
        Invariants.CheckLoad("app", Heads.After(Below), Below with { State = HeadState.Tombstone });
    }

    [Fact]
    public async Task An_engine_whose_write_finds_the_history_gone_back_refuses_writes_until_reopened_and_reads()
    {
        await using var scene = await Scene.WithAsync(1, Schema, "INSERT INTO t VALUES (1)");
        var old = await scene.HeadAsync();
        await scene[0].RunAsync("INSERT INTO t VALUES (2)");
        var open = scene[0].Database;

        // Somebody restored the bucket.
        await scene.ReplaceHeadAsync(_ => old);
        await RefusesAsync(scene, open, open.ExecuteAsync("INSERT INTO t VALUES (3)"), expected: 2, restored: 1);
    }

    [Fact]
    public async Task An_engine_whose_read_finds_the_history_gone_back_refuses_writes_until_reopened_and_reads()
    {
        await using var scene = await Scene.WithAsync(1, Schema, "INSERT INTO t VALUES (1)");
        var old = await scene.HeadAsync();
        await scene[0].RunAsync("INSERT INTO t VALUES (2)");
        var open = scene[0].Database;
        await scene.ReplaceHeadAsync(_ => old);
        await RefusesAsync(scene, open, open.ScalarAsync("SELECT count(*) FROM t"), expected: 2, restored: 1);
    }

    [Fact]
    public async Task An_engine_that_finds_another_commit_in_the_place_of_one_it_knew_refuses_writes()
    {
        await using var scene = await Scene.WithAsync(1, Schema, "INSERT INTO t VALUES (1)");
        var open = scene[0].Database;
        await scene.ReplaceHeadAsync(head => Heads.Recommitted(head, new CommitId(4711)));
        await RefusesAsync(scene, open, open.ExecuteAsync("INSERT INTO t VALUES (3)"), expected: 1, restored: 1);
    }

    [Fact]
    public async Task A_head_that_a_strong_reader_found_first_is_not_mistaken_for_one_gone_back()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        for (int round = 0; round < 20; round++)
        {
            // The writer loses, and before it installs the head that beat it, a reader has installed a newer one.
            int number = round;
            scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync("INSERT INTO t VALUES (?)", -number));
            var writes = Enumerable.Range(0, 4).Select(i => scene[0].RunAsync("INSERT INTO t VALUES (?)", i)).ToArray();
            var reads = Enumerable.Range(0, 4).Select(async _ =>
            {
                await scene[1].RunAsync("INSERT INTO t VALUES ('r')");
                await scene[0].CountAsync("SELECT count(*) FROM t");
            }).ToArray();
            await Task.WhenAll([.. writes, .. reads]);
        }

        Assert.False(scene[0].Database.RefusesWrites);
    }

    private static async Task RefusesAsync(Scene scene, EngineDatabase open, Task trips, long expected, long restored)
    {
        var error = await Process.FailureAsync(trips);
        Assert.Equal((ErrorKind.Internal, ErrorCodes.Invariant, true), (error.Kind, error.Code, error.OutcomeKnown));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(ErrorCodes.Invariant, (await Process.FailureAsync(open.ExecuteAsync("INSERT INTO t VALUES (4)"))).Code);
            Assert.Equal(SqlValue.From(expected), await open.ScalarAsync("SELECT count(*) FROM t", ReadLevel.AtLeast(0)));
        }

        Assert.NotSame(open, scene[0].Database);
        Assert.Equal(restored, await scene[0].CountAsync("SELECT count(*) FROM t"));
        await scene[0].RunAsync("INSERT INTO t VALUES (5)");
        Assert.Equal(restored + 1, await scene[0].CountAsync("SELECT count(*) FROM t"));
    }

    private static void Broken(Func<Head, Head> change) => Tripped(() => Invariants.CheckCommit("app", Below, change(Heads.After(Below))));

    private static void Tripped(Action check)
    {
        var error = Assert.Throws<DatabaseException>(check);
        Assert.Equal((ErrorKind.Internal, ErrorCodes.Invariant), (error.Kind, error.Code));
    }
}
