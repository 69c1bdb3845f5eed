using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>Frames that move to segments while commits go on.</summary>
public sealed class FlushTests
{
    private const string Insert = "INSERT INTO t VALUES (hex(randomblob(300)))";
    private static readonly DatabaseOptions Small = new() { Threads = 2, InlineBytes = 4 << 10, PageCacheBytes = 1 << 20 };

    [Fact]
    public async Task A_page_that_cannot_be_read_back_for_the_cache_does_not_deny_a_commit_that_landed()
    {
        await using var scene = await Scene.WithAsync(
            1, Small, "CREATE TABLE t(v)", "CREATE TABLE big(v)", Sql.Series("INSERT INTO big SELECT hex(randomblob(1900)) FROM generate_series(1, 800)"));
        bool armed = false;
        bool swapped = false;
        scene[0].Store.Always = request =>
        {
            swapped |= armed && request.Verb == StoreVerb.Swap;
            return swapped && request.Verb == StoreVerb.ReadRange ? Fault.Denied : Fault.None;
        };
        int inserted = 0;
        for (int round = 0; round < 6; round++)
        {
            int uploads = scene[0].Store.Count(StoreVerb.Write);
            for (; scene[0].Store.Count(StoreVerb.Write) == uploads; inserted++)
            {
                await scene[0].RunAsync(Insert);
            }

            // The flush is stored, and has merged older segments. Before the next commit takes it in, a scan pushes those out of the
            // cache, and from the moment that it has landed the store can't be read.
            await UploadAsync(scene[0], uploads);
            await scene[0].CountAsync("SELECT sum(length(v)) FROM big");
            armed = true;
            await scene[0].RunAsync(Insert);
            inserted++;
            armed = swapped = false;
        }

        Assert.Equal(inserted, await scene[0].CountAsync("SELECT count(*) FROM t"));
        Assert.Equal("ok", Assert.Single(await scene[0].ColumnAsync("PRAGMA integrity_check")));
    }

    [Fact]
    public async Task A_flush_that_fails_leaves_the_frames_in_the_head_and_the_next_one_takes_them()
    {
        await using var scene = await Scene.WithAsync(2, Small, "CREATE TABLE t(v)");
        scene[0].Store.Always = request => request.Verb == StoreVerb.Write ? Fault.Full : Fault.None;
        while (scene[0].Store.Count(StoreVerb.Write) < 2)
        {
            await scene[0].RunAsync(Insert);
        }

        Assert.Empty((await scene.HeadAsync()).Segments);
        scene[0].Store.Always = null;
        int inserted = 0;
        while ((await scene.HeadAsync()).Segments.IsEmpty)
        {
            Assert.True(++inserted < 100);
            int uploads = scene[0].Store.Count(StoreVerb.Write);
            await scene[0].RunAsync(Insert);
            await UploadAsync(scene[0], uploads);
        }

        Assert.Equal((await scene.HeadAsync()).Version - 1, await scene[1].CountAsync("SELECT count(*) FROM t"));
        Assert.Equal("ok", Assert.Single(await scene[1].ColumnAsync("PRAGMA integrity_check")));
    }

    [Fact]
    public async Task A_head_stays_bounded_while_no_flush_can_be_stored_and_the_store_says_why()
    {
        await using var scene = await Scene.WithAsync(1, Small, "CREATE TABLE t(v)");
        scene[0].Store.Always = request => request.Verb == StoreVerb.Write ? Fault.Full : Fault.None;
        int inserted = 0;
        var error = await Process.FailureAsync(InsertAsync());
        Assert.Equal((ErrorCodes.StoreFull, true), (error.Code, error.OutcomeKnown));
        Assert.InRange((await scene.Memory.ReadAsync(Scene.HeadKey, null, default)).Content.Length, 12 << 10, 32 << 10);
        Assert.Equal(inserted, await scene[0].CountAsync("SELECT count(*) FROM t"));

        async Task InsertAsync()
        {
            for (; inserted < 1000; inserted++)
            {
                await scene[0].RunAsync(Insert);
            }
        }
    }

    [Fact]
    public async Task A_flush_that_a_rival_overtakes_is_taken_in_all_the_same()
    {
        await using var scene = await Scene.WithAsync(1, Small, "CREATE TABLE t(v)", "CREATE TABLE first(v)", "CREATE TABLE second(v)");
        var rival = await scene.JoinAsync();
        int uploads = scene[0].Store.Count(StoreVerb.Write);
        long rows = 0;
        for (; (await scene.HeadAsync()).Frames.Sum(frame => frame.Bytes.Length) <= Small.InlineBytes; rows++)
        {
            await scene[0].RunAsync(Insert);
        }

        await UploadAsync(scene[0], uploads);

        // The rival, which moves no frames yet, commits on top of those that have moved, and that does no harm. Each commit changes a page that no other one does.
        await rival.RunAsync("INSERT INTO first VALUES (1)");
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => rival.RunAsync("INSERT INTO second VALUES (1)"));
        await scene[0].RunAsync("INSERT INTO t VALUES ('last')");
        Assert.NotEmpty((await scene.HeadAsync()).Segments);
        var witness = await scene.JoinAsync();
        Assert.Equal(rows + 1, await witness.CountAsync("SELECT count(*) FROM t"));
        Assert.Equal(1, await witness.CountAsync("SELECT count(*) FROM first"));
        Assert.Equal(1, await witness.CountAsync("SELECT count(*) FROM second"));
        Assert.Equal("ok", Assert.Single(await witness.ColumnAsync("PRAGMA integrity_check")));
    }

    [Fact]
    public async Task A_flush_that_a_collection_overtakes_is_made_again()
    {
        await using var scene = await Scene.WithAsync(1, Small, "CREATE TABLE t(v)");
        var uploaded = new TaskCompletionSource();
        var writer = await scene.JoinAsync(Small, point =>
        {
            _ = point == CommitPoint.Uploaded && uploaded.TrySetResult();
            return default;
        });
        bool begun = false;
        writer.Store.BeforeNext(StoreVerb.Write, BeginCollectionAsync);
        int rows = 0;
        for (; (await scene.HeadAsync()).Frames.Sum(frame => frame.Bytes.Length) <= Small.InlineBytes; rows++)
        {
            await writer.RunAsync(Insert);
        }

        // Nothing more is written until it is stored: a commit beside it might flush by itself.
        await uploaded.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await Task.Delay(50);
        for (; (await scene.HeadAsync()).Segments.IsEmpty; rows++)
        {
            Assert.True(rows < 1000);
            await writer.RunAsync(Insert);
        }

        // The segment that was on its way when the collection began counts as gone.
        Assert.True(begun);
        Assert.All((await scene.HeadAsync()).Segments, entry => Assert.Equal(1UL, entry.CollectionEpoch));
        var witness = await scene.JoinAsync();
        Assert.Equal(rows, await witness.CountAsync("SELECT count(*) FROM t"));
        Assert.Equal("ok", Assert.Single(await witness.ColumnAsync("PRAGMA integrity_check")));

        // It begins with a swap that counts the epoch on.
        async Task BeginCollectionAsync()
        {
            while (!begun)
            {
                var found = await scene.Memory.ReadAsync(Scene.HeadKey, null, default);
                var head = HeadCodec.Decode(found.Content, Scene.HeadKey);
                var next = head with { CollectionEpoch = head.CollectionEpoch + 1, SwapId = new CommitId(77) };
                begun = (await scene.Memory.SwapAsync(Scene.HeadKey, HeadCodec.Encode(next), found.Tag, default)).Answer == SwapAnswer.Done;
            }
        }
    }

    private static async Task UploadAsync(Process process, int before)
    {
        long limit = Environment.TickCount64 + 10_000;
        while (process.Store.Count(StoreVerb.Write) == before && Environment.TickCount64 < limit)
        {
            await Task.Delay(1);
        }

        // The flush is ready a moment after its upload was answered.
        await Task.Delay(20);
    }
}
