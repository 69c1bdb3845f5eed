using Microsoft.Extensions.DependencyInjection;
using OrleansSqlite.Grains;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests;

/// <summary>A database over its grain behaves as in process.</summary>
public sealed class GrainTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT UNIQUE)";

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Many_writers_at_once_are_all_there_once(short silos)
    {
        await using var scene = await ClusterScene.StartAsync(silos);
        var database = await scene.CreateAsync("app", Schema);
        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => database.ExecuteAsync(new Statement("INSERT INTO t(v) VALUES (?)", $"w{i:000}"))));
        Assert.Equal(200, results.Length);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"w{i:000}"), await scene.ColumnAsync("app", "SELECT v FROM t ORDER BY v"));
        Assert.True(scene.Stores.Sum(store => store.Count(StoreVerb.Swap)) < 100, "Writes of one moment share swaps.");
    }

    [Fact]
    public async Task One_writer_after_the_other_reads_what_it_wrote()
    {
        await using var scene = await ClusterScene.StartAsync(2);
        var database = await scene.CreateAsync("app", Schema);
        for (int i = 1; i <= 20; i++)
        {
            var written = await database.ExecuteAsync(new Batch(new Statement("INSERT INTO t(v) VALUES (?) RETURNING id", $"w{i}")));
            Assert.Equal(SqlValue.From(i), written.Results[0].Rows[0][0]);
            Assert.Equal(SqlValue.From(i), await database.ScalarAsync("SELECT count(*) FROM t"));
            Assert.Equal(SqlValue.From(i), await database.ScalarAsync("SELECT count(*) FROM t", ReadLevel.AtLeast(written.Version)));
            Assert.True((await database.DescribeAsync(ReadLevel.AtLeast(written.Version))).Version >= written.Version);
        }
    }

    [Fact]
    public async Task Errors_come_back_as_in_process()
    {
        await using var scene = await ClusterScene.StartAsync();
        var missing = await Assert.ThrowsAsync<DatabaseException>(() => scene.Databases.Get("none").ExecuteAsync("SELECT 1"));
        Assert.Equal((ErrorCodes.DatabaseNotFound, "none"), (missing.Code, missing.Database));

        var database = await scene.CreateAsync("app", Schema);
        await database.ExecuteAsync("INSERT INTO t(v) VALUES ('x')");
        var unique = await Assert.ThrowsAsync<DatabaseException>(() => database.ExecuteAsync(new Batch("SELECT 1", "INSERT INTO t(v) VALUES ('x')")));
        Assert.Equal((ErrorKind.Invalid, ErrorCodes.Sql, 2067, 1), (unique.Kind, unique.Code, unique.SqliteCode, unique.Statement));
        Assert.Equal(ErrorCodes.Sql, (await Assert.ThrowsAsync<DatabaseException>(() => database.QueryAllAsync("SELECT nothing"))).Code);
        Assert.Equal(ErrorCodes.DatabaseExists, (await Assert.ThrowsAsync<DatabaseException>(() => scene.Databases.CreateAsync("app"))).Code);
        var mismatch = await Assert.ThrowsAsync<DatabaseException>(() => database.ExecuteAsync(new Batch("DELETE FROM t") { ExpectedVersion = 1 }));
        Assert.Equal(ErrorCodes.VersionMismatch, mismatch.Code);
        Assert.Equal(ErrorCodes.BadName, Assert.Throws<DatabaseException>(() => scene.Databases.Get("../x")).Code);
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once_and_status_answers_all_the_same()
    {
        await using var scene = await ClusterScene.StartAsync(options: new DatabaseOptions { Threads = 2, ProbeStore = false, QueueLength = 4, IdleConnections = 0 });
        var database = await scene.CreateAsync("app", Schema);
        var held = Held.Next(scene.Stores[0], StoreVerb.Swap);
        List<Task<BatchResult>> writes = [database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES ('first')"))];
        await held.Arrived;
        bool refused = false;
        for (int i = 0; i < 20_000 && !refused; i++)
        {
            writes.Add(database.ExecuteAsync(new Batch(new Statement("INSERT INTO t(v) VALUES (?)", $"w{i}"))));
            refused = writes.Any(write => write.IsFaulted);
            await Task.Yield();
        }

        Assert.True(refused);
        var status = await scene.Grain("app").StatusAsync();
        Assert.True(status.Running > 1);
        held.Release();
        await Task.WhenAny(Task.WhenAll(writes));
        var errors = writes.Where(write => write.IsFaulted).Select(write => Assert.IsType<DatabaseException>(write.Exception!.InnerException)).ToArray();
        Assert.All(errors, error => Assert.Equal((ErrorKind.Overloaded, ErrorCodes.QueueFull), (error.Kind, error.Code)));
        Assert.Equal(writes.Count - errors.Length, (await scene.ColumnAsync("app", "SELECT v FROM t")).Count);
    }

    [Fact]
    public async Task A_cancelled_write_never_takes_effect()
    {
        await using var scene = await ClusterScene.StartAsync();
        var database = await scene.CreateAsync("app", Schema);
        using var cancel = new CancellationTokenSource();
        var endless = database.ExecuteAsync(
            new Batch("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO t(v) SELECT 'endless' FROM n WHERE i < 0"), cancel.Token);
        await UntilAsync(async () => (await scene.Grain("app").StatusAsync()).Running == 1);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless);
        await database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES ('third')"));
        Assert.Equal(["third"], await scene.ColumnAsync("app", "SELECT v FROM t ORDER BY id"));
    }

    [Fact]
    public async Task A_long_result_comes_in_pieces_and_who_leaves_lets_the_snapshot_go()
    {
        await using var scene = await ClusterScene.StartAsync(2);
        var database = await scene.CreateAsync("app", Schema);
        await database.ExecuteAsync("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t(v) SELECT printf('%040d', i) FROM n");
        foreach (var level in new[] { ReadLevel.Strong, ReadLevel.StaleBy(TimeSpan.FromMinutes(1)) })
        {
            long sum = 0;
            await using (var reader = await database.QueryAsync("SELECT id FROM t", level))
            {
                Assert.Equal(["id"], reader.Columns.Select(column => column.Name));
                while (await reader.ReadAsync() is { Count: > 0 } rows)
                {
                    sum += rows.Sum(row => row[0].AsInteger());
                }

                Assert.Empty(await reader.ReadAsync());
            }

            Assert.Equal(20000L * 20001 / 2, sum);
        }

        // The version that it reads is held, beside the newest one.
        using var cancel = new CancellationTokenSource();
        var left = await database.QueryAsync("SELECT * FROM t", default, cancel.Token);
        await left.ReadAsync();
        await database.ExecuteAsync(new Batch("DELETE FROM t WHERE id = 1"));
        string active = (await scene.Grain("app").StatusAsync()).Silo;
        var snapshots = Engine(scene, scene.Cluster.Silos.Single(silo => silo.SiloAddress.ToString() == active)).Open("app").Context.Snapshots;
        Assert.Equal(2, snapshots.Held);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await left.ReadAsync(cancel.Token));
        await left.DisposeAsync();
        await UntilAsync(() => Task.FromResult(snapshots.Held == 1));
    }

    [Fact]
    public async Task Reads_that_may_be_stale_cost_no_request()
    {
        await using var scene = await ClusterScene.StartAsync();
        var database = await scene.CreateAsync("app", Schema);
        var written = await database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES ('x')"));
        Assert.Equal(SqlValue.From(1), await database.ScalarAsync("SELECT count(*) FROM t", ReadLevel.AtLeast(written.Version)));
        int before = scene.Stores[0].Requests.Count;
        for (int i = 0; i < 10; i++)
        {
            await database.ScalarAsync("SELECT count(*) FROM t", ReadLevel.AtLeast(written.Version));
            await database.ScalarAsync("SELECT count(*) FROM t", ReadLevel.StaleBy(TimeSpan.FromMinutes(5)));
        }

        Assert.Equal(before, scene.Stores[0].Requests.Count);
        await database.ScalarAsync("SELECT count(*) FROM t");
        Assert.Equal(before + 1, scene.Stores[0].Requests.Count);
    }

    [Fact]
    public async Task An_activation_that_moves_takes_what_it_knows_along()
    {
        await using var scene = await ClusterScene.StartAsync(2);
        var database = await scene.CreateAsync("app", Schema);
        await database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES ('x')"));
        string from = (await scene.Grain("app").StatusAsync()).Silo;
        var to = scene.Cluster.Silos.Single(silo => silo.SiloAddress.ToString() != from);
        var way = scene.WayOf(to.SiloAddress);
        int before = way.Requests.Count;
        await scene.Cluster.MigrateAsync(scene.Grain("app"), to.SiloAddress);
        var status = await scene.Grain("app").StatusAsync();
        Assert.Equal(to.SiloAddress.ToString(), status.Silo);
        Assert.True(status.Version >= 2);

        // One look whether that is still the newest, and the write's own swap.
        await database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES ('y')"));
        var requests = way.Requests.Skip(before).ToArray();
        Assert.Equal([StoreVerb.Read, StoreVerb.Swap], requests.Select(request => request.Verb));
        Assert.Equal(["x", "y"], await scene.ColumnAsync("app", "SELECT v FROM t ORDER BY id"));
    }

    [Fact]
    public async Task An_idle_activation_lets_its_database_go()
    {
        await using var scene = await ClusterScene.StartAsync();
        var database = await scene.CreateAsync("app", Schema);
        var engine = Engine(scene, scene.Cluster.Silos[0]);
        var open = engine.Open("app");
        await scene.Cluster.DeactivateAsync(scene.Grain("app"));
        Assert.NotSame(open, engine.Open("app"));
        await database.ExecuteAsync(new Batch("INSERT INTO t(v) VALUES ('x')"));
        Assert.Equal(["x"], await scene.ColumnAsync("app", "SELECT v FROM t"));
    }

    [Fact]
    public async Task A_deleted_database_may_be_created_again()
    {
        await using var scene = await ClusterScene.StartAsync();
        var database = await scene.CreateAsync("app", Schema);
        await scene.Databases.DeleteAsync("app");
        Assert.Equal(ErrorCodes.DatabaseNotFound, (await Assert.ThrowsAsync<DatabaseException>(() => database.DescribeAsync())).Code);
        await scene.CreateAsync("app", "CREATE TABLE other(x)");
        Assert.Equal(SqlValue.From(0), await database.ScalarAsync("SELECT count(*) FROM other"));
    }

    [Fact]
    public async Task The_catalogue_lists_what_is_in_the_store_whoever_made_it()
    {
        await using var scene = await ClusterScene.StartAsync();
        await scene.CreateAsync("made-here", Schema);
        var catalog = scene.Cluster.Client.GetGrain<ICatalogGrain>(ICatalogGrain.Key);
        Assert.Equal(["made-here"], (await catalog.ListAsync(ReadLevel.Strong)).Get().Select(found => found.Name));
        await using (var engine = await DatabaseEngine.OpenAsync(new FaultyStore(scene.Store), new DatabaseOptions { ProbeStore = false, Threads = 2 }))
        {
            await engine.CreateAsync("made-elsewhere");
        }

        Assert.Equal(["made-here"], (await catalog.ListAsync(ReadLevel.StaleBy(TimeSpan.FromHours(1)))).Get().Select(found => found.Name));
        List<string> listed = [];
        await foreach (var database in scene.Databases.ListAsync())
        {
            listed.Add(database.Name);
        }

        Assert.Equal(["made-elsewhere", "made-here"], listed);
        await scene.Cluster.DeactivateAsync(catalog);
        Assert.Equal(2, (await catalog.ListAsync(ReadLevel.StaleBy(TimeSpan.FromHours(1)))).Get().Length);
    }

    private static DatabaseEngine Engine(ClusterScene scene, Orleans.TestingHost.InProcessSiloHandle silo) =>
        scene.Cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<DatabaseEngine>();

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), limit.Token);
        }
    }
}
