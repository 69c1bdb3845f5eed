using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using OrleansSqlite.Client;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests;

/// <summary>Silos that die, restart, or don't answer: nothing is lost, nothing is there twice, and no caller hears of it.</summary>
public sealed class FailureTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_silo_killed_under_load_loses_nothing(bool withStore)
    {
        using var directory = new StoreDirectory();
        await using var scene = await ClusterScene.StartAsync(3, directory.Open(), client: Patient(withStore ? directory.Url : null));
        await using var load = await Load.BeginAsync(scene, Schema);
        await load.ReachAsync(40);
        string active = (await scene.Grain("app").StatusAsync()).Silo;
        await scene.Cluster.KillSiloAsync(scene.Cluster.Silos.Single(silo => silo.SiloAddress.ToString() == active));
        await load.ReachAsync(120);
        await load.EndAsync();
    }

    [Fact]
    public async Task Silos_restarted_one_after_the_other_lose_nothing()
    {
        await using var scene = await ClusterScene.StartAsync(3, client: Patient(null));
        await using var load = await Load.BeginAsync(scene, Schema);
        foreach (var silo in scene.Cluster.Silos.Skip(1).ToArray())
        {
            await load.ReachAsync(load.Acknowledged + 30);
            await scene.Cluster.RestartSiloAsync(silo);
        }

        await load.ReachAsync(load.Acknowledged + 30);
        await load.EndAsync();
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_takes_effect_once()
    {
        var lost = new AnswersLost(nameof(IDatabaseGrain.ExecuteAsync));
        await using var scene = await ClusterScene.StartAsync(2, silo: silo => silo.AddIncomingGrainCallFilter(lost));
        var database = await scene.CreateAsync("app", Schema);
        lost.Next = 3;
        var named = await database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES ('a')") { OperationId = "a" });
        Assert.Equal(0, lost.Next);
        Assert.True(named.Repeated);
        lost.Next = 1;
        var unnamed = await database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES ('b') RETURNING id"));
        Assert.Equal(0, lost.Next);
        Assert.Equal((SqlValue.From(2), false), (unnamed.Results[0].Rows[0][0], unnamed.Repeated));
        Assert.Equal(["a", "b"], await scene.ColumnAsync("app", "SELECT v FROM t ORDER BY id"));
    }

    /// <summary>The grain has written, its answer was lost, and then the store is away: "not applied" would be true of the last attempt alone.</summary>
    [Fact]
    public async Task A_store_that_is_away_does_not_make_a_lost_answer_a_failure()
    {
        var lost = new AnswersLost(nameof(IDatabaseGrain.ExecuteAsync));
        var store = new MemoryStore();
        int openings = 0;
        await using var scene = await ClusterScene.StartAsync(1, store, silo: silo => silo.AddIncomingGrainCallFilter(lost), client: options =>
        {
            options.Recheck = TimeSpan.FromHours(1);
            options.OpenEngine = (_, cancellation) => ++openings < 3
                ? throw new DatabaseException(ErrorKind.Unavailable, ErrorCodes.StoreUnavailable, "By chance.")
                : DatabaseEngine.OpenAsync(new FaultyStore(store), new DatabaseOptions { ProbeStore = false, Threads = 2 }, cancellation: cancellation);
        });
        var database = await scene.CreateAsync("app", Schema);
        lost.Next = 1;
        await database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES ('a')"));
        Assert.Equal((0, 3), (lost.Next, openings));
        Assert.Equal(["a"], await scene.ColumnAsync("app", "SELECT v FROM t"));
    }

    /// <summary>What has arrived whole needs nobody any more.</summary>
    [Fact]
    public async Task A_short_result_outlives_its_silo()
    {
        await using var scene = await ClusterScene.StartAsync();
        var database = await scene.CreateAsync("app", Schema);
        await database.ExecuteAsync("INSERT INTO t(v) VALUES ('a'), ('b')");
        await using var reader = await database.QueryAsync("SELECT v FROM t ORDER BY id");
        await scene.Cluster.KillSiloAsync(scene.Cluster.Silos[0]);
        Assert.Equal(2, (await reader.ReadAsync()).Count);
        Assert.Empty(await reader.ReadAsync());
    }

    [Fact]
    public async Task Without_ids_a_lost_answer_is_told_and_not_sent_again()
    {
        var lost = new AnswersLost(nameof(IDatabaseGrain.ExecuteAsync));
        await using var scene = await ClusterScene.StartAsync(
            2, client: options => options.OperationIds = false, silo: silo => silo.AddIncomingGrainCallFilter(lost));
        var database = await scene.CreateAsync("app", Schema);
        lost.Next = 1;
        var error = await Assert.ThrowsAsync<DatabaseException>(() => database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES ('a')")));
        Assert.Equal((ErrorKind.Unavailable, ErrorCodes.OutcomeUnknown, false, "app"), (error.Kind, error.Code, error.OutcomeKnown, error.Database));
        Assert.Equal(["a"], await scene.ColumnAsync("app", "SELECT v FROM t"));

        // What only looks is simply asked again.
        lost.Next = 1;
        Assert.Equal(SqlValue.From("a"), (await database.ExecuteAsync(new Batch("SELECT v FROM t"))).Results[0].Rows[0][0]);
    }

    [Fact]
    public async Task A_client_with_the_store_goes_on_by_itself_without_a_cluster_and_comes_back_to_it()
    {
        using var directory = new StoreDirectory();
        await using var scene = await ClusterScene.StartAsync(1, directory.Open(), client: options =>
        {
            options.Store = directory.Url;
            options.Recheck = TimeSpan.FromSeconds(1);
        });
        var database = await scene.CreateAsync("app", Schema);
        await database.ExecuteAsync("INSERT INTO t(v) VALUES ('over the grain')");
        await scene.Cluster.StopSilosAsync();
        await database.ExecuteAsync("INSERT INTO t(v) VALUES ('by itself')");
        Assert.Equal(SqlValue.From(2), await database.ScalarAsync("SELECT count(*) FROM t"));
        Assert.Equal(3, (await database.DescribeAsync()).Version);

        await scene.Cluster.StartAdditionalSiloAsync();
        await Until(async () =>
        {
            await database.ScalarAsync("SELECT count(*) FROM t");
            return scene.Stores.Count == 2 && scene.Stores[1].Requests.Count > 0;
        });
        Assert.Equal(["over the grain", "by itself"], await scene.ColumnAsync("app", "SELECT v FROM t ORDER BY id"));
    }

    [Fact]
    public async Task A_client_whose_own_commits_collide_goes_back_to_the_grain()
    {
        var store = new MemoryStore();
        var own = new FaultyStore(store);
        await using var scene = await ClusterScene.StartAsync(1, store, client: options =>
        {
            options.OpenEngine = (_, cancellation) => DatabaseEngine.OpenAsync(own, new DatabaseOptions { ProbeStore = false, Threads = 2 }, cancellation: cancellation);
            options.Recheck = TimeSpan.FromHours(1);
        });
        var database = await scene.CreateAsync("app", Schema);
        var route = scene.Cluster.Client.ServiceProvider.GetRequiredService<Route>();
        route.Failed(new TimeoutException("By chance."));
        await using var rival = await DatabaseEngine.OpenAsync(new FaultyStore(store), new DatabaseOptions { ProbeStore = false, Threads = 2 });
        for (int i = 0; i < 4; i++)
        {
            own.BeforeNext(StoreVerb.Swap, async () => await rival.Open("app").ExecuteAsync("INSERT INTO t(v) VALUES ('rival')"));
        }

        var held = Held.Next(own, StoreVerb.Swap);
        var direct = database.ExecuteAsync("INSERT INTO t(v) VALUES ('direct')");
        await held.Arrived;
        int swaps = own.Count(StoreVerb.Swap);
        await database.ExecuteAsync("INSERT INTO t(v) VALUES ('by the grain')");
        Assert.Equal(swaps, own.Count(StoreVerb.Swap));
        held.Release();
        await direct;
        Assert.Equal(["by the grain", "direct", "rival", "rival", "rival", "rival"], await scene.ColumnAsync("app", "SELECT v FROM t ORDER BY v"));
    }

    private static async Task Until(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }

    private static Action<OrleansSqliteClientOptions> Patient(string? store) => options =>
    {
        options.Store = store;
        options.Patience = TimeSpan.FromSeconds(2);
        options.ResolveTime = TimeSpan.FromMinutes(2);
    };

    /// <summary>Writers that insert one row after the other, each once.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private const int Writers = 8;
        private readonly ClusterScene scene;
        private readonly CancellationTokenSource ending = new();
        private readonly ConcurrentBag<string> acknowledged = [];
        private readonly Task[] writers;

        private Load(ClusterScene scene, IDatabase database)
        {
            this.scene = scene;
            writers = [.. Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
            {
                for (int i = 0; !ending.IsCancellationRequested; i++)
                {
                    string value = $"{writer}-{i:0000}";
                    await database.ExecuteAsync(new Batch(new Statement("INSERT INTO t(v) VALUES (?)", value)));
                    acknowledged.Add(value);
                }
            }))];
        }

        public int Acknowledged => acknowledged.Count;

        public static async Task<Load> BeginAsync(ClusterScene scene, string schema) => new(scene, await scene.CreateAsync("app", schema));

        public async Task ReachAsync(int count)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (acknowledged.Count < count)
            {
                Assert.DoesNotContain(writers, writer => writer.IsFaulted);
                await Task.Delay(TimeSpan.FromMilliseconds(10), limit.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await ending.CancelAsync();
            await Task.WhenAny(Task.WhenAll(writers));
            ending.Dispose();
        }

        public async Task EndAsync()
        {
            await ending.CancelAsync();
            await Task.WhenAll(writers);
            Assert.Equal(acknowledged.Order(StringComparer.Ordinal), await scene.ColumnAsync("app", "SELECT v FROM t ORDER BY v"));
        }
    }
}
