using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using OrleansSqlite.Client;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests;

/// <summary>The past of a database over its grain is the one that the engine knows, whoever is asked for it.</summary>
public sealed class TimeTravelTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)";
    private const string Count = "SELECT count(*) FROM t";
    private static readonly DatabaseOptions Plain = new() { ProbeStore = false, Threads = 2 };

    [Fact]
    public async Task The_history_is_that_of_the_engine_page_by_page()
    {
        await using var scene = await ClusterScene.StartAsync(2);
        var database = await WithRowsAsync(scene, 30);
        await using var engine = await LibraryAsync(scene.Store);
        var expected = await engine.Open("app").HistoryAsync().ToArrayAsync();
        Assert.Equal(Enumerable.Range(1, 31).Reverse().Select(version => (long)version), expected.Select(version => version.Version));

        Assert.Equal(expected, await database.HistoryAsync().ToArrayAsync());
        Assert.Equal(expected.Where(version => version.Version < 12), await database.HistoryAsync(12).ToArrayAsync());
        Assert.Equal(expected.Take(3), await database.HistoryAsync().Take(3).ToArrayAsync());

        List<VersionDescription> paged = [];
        for (long below = long.MaxValue; (await scene.Grain("app").HistoryAsync(below, 7)).Get() is { Length: > 0 } page; below = page[^1].Version)
        {
            Assert.InRange(page.Length, 1, 7);
            paged.AddRange(page);
        }

        Assert.Equal(expected, paged);
    }

    [Fact]
    public async Task Who_waits_for_commits_is_told_of_those_of_the_cluster_and_of_others()
    {
        var calls = new AnswersLost(nameof(IDatabaseGrain.WaitForNewerAsync));
        await using var scene = await ClusterScene.StartAsync(2, silo: silo => silo.AddIncomingGrainCallFilter(calls));
        var database = await WithRowsAsync(scene, 1);
        Assert.Equal(2, await database.WaitForNewerAsync(1));

        // Longer than one call waits, and one answer is lost.
        calls.Next = 1;
        var wait = database.WaitForNewerAsync(2);
        await Task.Delay(TimeSpan.FromSeconds(6));
        Assert.False(wait.IsCompleted);
        await database.ExecuteAsync("INSERT INTO t(v) VALUES ('x')");
        Assert.Equal(3, await wait.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(["t"], (await database.HistoryAsync().FirstAsync()).Tables!);

        await using var engine = await LibraryAsync(scene.Store);
        wait = database.WaitForNewerAsync(3);
        await engine.Open("app").ExecuteAsync("INSERT INTO t(v) VALUES ('x')");
        Assert.Equal(4, await wait.WaitAsync(TimeSpan.FromSeconds(30)));

        using var cancellation = new CancellationTokenSource();
        wait = database.WaitForNewerAsync(4, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    /// <summary>More versions than a message brings: the client goes on where the last one ended, and not once more at the end.</summary>
    [Fact]
    public async Task A_long_history_comes_in_several_messages()
    {
        var calls = new AnswersLost(nameof(IDatabaseGrain.HistoryAsync));
        await using var scene = await ClusterScene.StartAsync(silo: silo => silo.AddIncomingGrainCallFilter(calls));
        var database = await WithRowsAsync(scene, 0);
        await using (var engine = await LibraryAsync(scene.Store))
        {
            for (int i = 0; i < 1100; i++)
            {
                await engine.Open("app").ExecuteAsync("INSERT INTO t(v) VALUES ('x')");
            }
        }

        calls.Next = 1;
        var history = await database.HistoryAsync().Select(version => version.Version).ToArrayAsync();
        Assert.Equal(Enumerable.Range(1, 1101).Reverse().Select(version => (long)version), history);
        Assert.Equal((0, 3), (calls.Next, calls.Calls));
    }

    [Fact]
    public async Task The_past_reads_the_same_from_the_grain_and_from_a_reader_on_any_silo()
    {
        await using var scene = await ClusterScene.StartAsync(3);
        var database = await WithRowsAsync(scene, 10);
        var tenth = (await database.HistoryAsync().ToArrayAsync()).Single(version => version.Version == 6);
        await database.CreateSnapshotAsync("five", ReadLevel.AtVersion(6));
        await database.ExecuteAsync("DELETE FROM t");
        foreach (var level in new[] { ReadLevel.AtVersion(6), ReadLevel.AtSnapshot("five"), ReadLevel.AtTime(tenth.CommittedAt) })
        {
            Assert.True(level.IsPast);

            // Commits of one millisecond have one time, and the last of them is its version.
            long version = (await database.DescribeAsync(level)).Version;
            Assert.True(level.Kind == ReadLevelKind.AtTime ? version is >= 6 and <= 11 : version == 6);
            Assert.Equal(SqlValue.From(version - 1), await database.ScalarAsync(Count, level));
            Assert.Equal(version, (await scene.Grain("app").DescribeAsync(level)).Get().Version);
            Assert.Equal(version - 1, await RowsAsync(scene.Grain("app").QueryAsync(Count, level)));
            foreach (var silo in scene.Cluster.Silos)
            {
                // A stateless worker is on the silo that asks for it.
                var grains = scene.Cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<IGrainFactory>();
                var reader = grains.GetGrain<IDatabaseReaderGrain>("app");
                Assert.Equal(version - 1, await RowsAsync(reader.QueryAsync(Count, level)));
                Assert.Equal(version, (await reader.DescribeAsync(level)).Get().Version);
            }
        }

        Assert.Equal(SqlValue.From(0), await database.ScalarAsync(Count));
        Assert.Equal(ErrorCodes.VersionNotReached, (await FailureAsync(database.ScalarAsync(Count, ReadLevel.AtVersion(99)))).Code);
        Assert.Equal(ErrorCodes.SnapshotName, (await FailureAsync(database.ScalarAsync(Count, ReadLevel.AtSnapshot("none")))).Code);
    }

    [Fact]
    public async Task What_is_restored_and_forked_over_the_cluster_is_there_for_the_library()
    {
        await using var scene = await ClusterScene.StartAsync(2);
        var database = await WithRowsAsync(scene, 8);
        await using var engine = await LibraryAsync(scene.Store);
        Assert.Equal(SqlValue.From(8), await engine.Open("app").ScalarAsync(Count));

        var restored = await database.RestoreAsync(ReadLevel.AtVersion(4));
        Assert.Equal(10, restored.Version);
        Assert.Equal(SqlValue.From(3), await engine.Open("app").ScalarAsync(Count));
        Assert.Equal(SqlValue.From(3), await database.ScalarAsync(Count));
        Assert.Equal(SqlValue.From(8), await database.ScalarAsync(Count, ReadLevel.AtVersion(9)));

        var forked = await scene.Databases.ForkAsync("app", "copy", ReadLevel.AtVersion(6));
        Assert.Equal("copy", forked.Name);
        await scene.Databases.Get("copy").ExecuteAsync("INSERT INTO t(v) VALUES ('only here')");
        Assert.Equal(SqlValue.From(6), await engine.Open("copy").ScalarAsync(Count));
        Assert.Equal(SqlValue.From(3), await engine.Open("app").ScalarAsync(Count));
        Assert.Equal(ErrorCodes.DatabaseExists, (await FailureAsync(scene.Databases.ForkAsync("app", "copy"))).Code);
        Assert.Equal(ErrorCodes.BadName, (await FailureAsync(scene.Databases.ForkAsync("app", "../x"))).Code);
    }

    [Fact]
    public async Task Snapshots_and_the_retention_are_the_database_s_own()
    {
        await using var scene = await ClusterScene.StartAsync(2);
        var database = await WithRowsAsync(scene, 3);
        var made = await database.CreateSnapshotAsync("three");
        Assert.Equal(("three", 4L), (made.Name, made.Version));
        await using var engine = await LibraryAsync(scene.Store);
        await engine.Open("app").CreateSnapshotAsync("one", ReadLevel.AtVersion(2));
        Assert.Equal(await engine.Open("app").ListSnapshotsAsync(), await database.ListSnapshotsAsync());
        Assert.Equal(["one", "three"], (await database.ListSnapshotsAsync()).Select(snapshot => snapshot.Name));
        Assert.Equal(ErrorCodes.SnapshotName, (await FailureAsync(database.CreateSnapshotAsync("one"))).Code);
        await database.DropSnapshotAsync("one");
        Assert.Equal([made], await engine.Open("app").ListSnapshotsAsync());
        Assert.Equal(ErrorCodes.SnapshotName, (await FailureAsync(database.DropSnapshotAsync("one"))).Code);

        await database.SetRetentionAsync(TimeSpan.FromDays(3));
        var described = await engine.Open("app").DescribeAsync();
        Assert.Equal(TimeSpan.FromDays(3), described.Retention);
        Assert.Equal(described, await database.DescribeAsync());
        Assert.Equal(ErrorCodes.BadArgument, (await FailureAsync(database.SetRetentionAsync(TimeSpan.FromSeconds(-1)))).Code);
    }

    /// <summary>A second attempt would take back what others have written, or find the first one's work and call it somebody else's.</summary>
    [Theory]
    [InlineData(nameof(IDatabaseGrain.RestoreAsync))]
    [InlineData(nameof(IDatabaseGrain.CreateSnapshotAsync))]
    [InlineData(nameof(IDatabaseGrain.DropSnapshotAsync))]
    [InlineData(nameof(IDatabaseGrain.ForkAsync))]
    public async Task What_must_not_be_made_twice_tells_of_a_lost_answer(string method)
    {
        var lost = new AnswersLost(method);
        await using var scene = await ClusterScene.StartAsync(2, silo: silo => silo.AddIncomingGrainCallFilter(lost));
        var database = await WithRowsAsync(scene, 3);
        await database.CreateSnapshotAsync("old");
        int before = lost.Calls;
        lost.Next = 1;
        var error = await FailureAsync(method switch
        {
            nameof(IDatabaseGrain.RestoreAsync) => database.RestoreAsync(ReadLevel.AtVersion(2)),
            nameof(IDatabaseGrain.CreateSnapshotAsync) => database.CreateSnapshotAsync("new"),
            nameof(IDatabaseGrain.DropSnapshotAsync) => database.DropSnapshotAsync("old"),
            _ => scene.Databases.ForkAsync("app", "copy"),
        });
        Assert.Equal((ErrorKind.Unavailable, ErrorCodes.OutcomeUnknown, false, "app"), (error.Kind, error.Code, error.OutcomeKnown, error.Database));
        Assert.DoesNotContain("operation id", error.Message, StringComparison.Ordinal);
        Assert.Equal((0, before + 1), (lost.Next, lost.Calls));

        // It has taken effect, once.
        bool done = method switch
        {
            nameof(IDatabaseGrain.RestoreAsync) => (await database.DescribeAsync()).Version == 5,
            nameof(IDatabaseGrain.CreateSnapshotAsync) => (await database.ListSnapshotsAsync()).Count == 2,
            nameof(IDatabaseGrain.DropSnapshotAsync) => (await database.ListSnapshotsAsync()).Count == 0,
            _ => (await scene.Databases.Get("copy").DescribeAsync()).Version == 4,
        };
        Assert.True(done);
    }

    [Theory]
    [InlineData(nameof(IDatabaseGrain.HistoryAsync))]
    [InlineData(nameof(IDatabaseGrain.ListSnapshotsAsync))]
    [InlineData(nameof(IDatabaseGrain.SetRetentionAsync))]
    [InlineData(nameof(IDatabaseGrain.CollectAsync))]
    [InlineData(nameof(IDatabaseGrain.CompactAsync))]
    public async Task What_may_be_made_twice_is_asked_for_again(string method)
    {
        var lost = new AnswersLost(method);
        await using var scene = await ClusterScene.StartAsync(2, silo: silo => silo.AddIncomingGrainCallFilter(lost));
        var database = await WithRowsAsync(scene, 3);
        await database.CreateSnapshotAsync("three");
        lost.Next = 2;
        bool right = method switch
        {
            nameof(IDatabaseGrain.HistoryAsync) => await database.HistoryAsync().CountAsync() == 4,
            nameof(IDatabaseGrain.ListSnapshotsAsync) => (await database.ListSnapshotsAsync()).Single().Version == 4,
            nameof(IDatabaseGrain.CollectAsync) => (await scene.Databases.CollectAsync("app")).OldestVersion == 0,
            nameof(IDatabaseGrain.CompactAsync) => (await scene.Databases.CompactAsync("app")).Version == 4,
            _ => await SetAsync(database),
        };
        Assert.True(right);
        Assert.Equal((0, 3), (lost.Next, lost.Calls));
    }

    [Fact]
    public async Task Without_a_cluster_a_client_with_the_store_does_it_all_by_itself()
    {
        var store = new MemoryStore();
        await using var scene = await ClusterScene.StartAsync(1, store, client: options =>
        {
            options.OpenEngine = (_, cancellation) => DatabaseEngine.OpenAsync(new FaultyStore(store), Plain, cancellation: cancellation);
            options.Recheck = TimeSpan.FromHours(1);
        });
        var database = await WithRowsAsync(scene, 5);
        scene.Cluster.Client.ServiceProvider.GetRequiredService<Route>().Failed(new TimeoutException("By chance."));
        int before = scene.Stores[0].Requests.Count;

        Assert.Equal(6, await database.HistoryAsync().CountAsync());
        await database.CreateSnapshotAsync("two", ReadLevel.AtVersion(3));
        Assert.Equal(["two"], (await database.ListSnapshotsAsync()).Select(snapshot => snapshot.Name));
        Assert.Equal(SqlValue.From(2), await database.ScalarAsync(Count, ReadLevel.AtSnapshot("two")));
        Assert.Equal(7, (await database.RestoreAsync(ReadLevel.AtSnapshot("two"))).Version);
        await database.DropSnapshotAsync("two");
        Assert.True(await SetAsync(database));
        Assert.Equal(7, (await scene.Databases.ForkAsync("app", "copy")).Version);
        Assert.Equal(0, (await scene.Databases.CollectAsync("app", dryRun: true)).Deleted);
        Assert.Equal(7, (await scene.Databases.CompactAsync("app")).Version);

        Assert.Equal(before, scene.Stores[0].Requests.Count);
        Assert.Equal(["2"], await scene.ColumnAsync("copy", Count));
    }

    private static async Task<bool> SetAsync(IDatabase database)
    {
        await database.SetRetentionAsync(TimeSpan.FromDays(2));
        return (await database.DescribeAsync()).Retention == TimeSpan.FromDays(2);
    }

    /// <summary>A database whose version n + 1 has n rows.</summary>
    private static async Task<IDatabase> WithRowsAsync(ClusterScene scene, int rows)
    {
        var database = await scene.CreateAsync("app", Schema);
        for (int i = 0; i < rows; i++)
        {
            await database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES ('x')"));
        }

        return database;
    }

    private static Task<DatabaseEngine> LibraryAsync(IObjectStore store) => DatabaseEngine.OpenAsync(new FaultyStore(store), Plain);

    private static async Task<long> RowsAsync(IAsyncEnumerable<Reply<RowPiece>> pieces) =>
        (await pieces.ToArrayAsync()).SelectMany(piece => piece.Get().Rows).Single()[0].AsInteger();

    private static Task<DatabaseException> FailureAsync(Task call) => Assert.ThrowsAsync<DatabaseException>(() => call);
}
