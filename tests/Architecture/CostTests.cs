using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests;

/// <summary>The requests of docs/OPERATIONS.md, which its readers are billed for.</summary>
public sealed class CostTests
{
    [Fact]
    public async Task The_probe_takes_eighteen_requests()
    {
        await using var store = new CountingStore(new MemoryStore());
        await StoreProbe.RunAsync(store, TimeProvider.System, Entropy.System);
        Assert.Equal((10, 6, 2, 0), (store.Counts.Puts, store.Counts.Gets, store.Counts.Deletes, store.Counts.Listings));
    }

    [Fact]
    public async Task A_database_costs_what_the_page_says()
    {
        await using var engine = await DatabaseEngine.OpenAsync(new MemoryStore(), new DatabaseOptions { ProbeStore = false });
        await CountAsync(engine, "create", puts: 1, gets: 0, () => engine.CreateAsync("app"));
        var app = engine.Open("app");
        await CountAsync(engine, "open and commit", puts: 1, gets: 1, () => app.ExecuteAsync("CREATE TABLE t(v)"));
        await CountAsync(engine, "commit", puts: 1, gets: 0, () => app.ExecuteAsync("INSERT INTO t VALUES (1)"));
        await CountAsync(engine, "commit by closure", puts: 1, gets: 0, () => app.WriteAsync(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "INSERT INTO t VALUES (2)";
            return command.ExecuteNonQuery();
        }));
        await CountAsync(engine, "a strong read", puts: 0, gets: 1, () => app.QueryAllAsync("SELECT * FROM t"));
        await CountAsync(engine, "a read at least at a version", puts: 0, gets: 0, () => app.QueryAllAsync("SELECT * FROM t", ReadLevel.AtLeast(3)));
        await CountAsync(engine, "a stale read", puts: 0, gets: 0, () => app.QueryAllAsync("SELECT * FROM t", ReadLevel.StaleBy(TimeSpan.FromHours(1))));
        await CountAsync(engine, "a batch that changes nothing", puts: 0, gets: 1, () => app.ExecuteAsync("SELECT * FROM t"));
        await CountAsync(engine, "a large transaction", puts: 3, gets: 0, () => app.ExecuteAsync("INSERT INTO t VALUES (zeroblob(3000000))"));
        await CountAsync(engine, "list", puts: 0, gets: 1, async () => Assert.Single(await AllAsync(engine)), listings: 1);
        await CountAsync(engine, "delete", puts: 1, gets: 1, () => engine.DeleteAsync("app"));
    }

    [Fact]
    public async Task Transactions_that_come_together_share_a_commit()
    {
        await using var engine = await DatabaseEngine.OpenAsync(new MemoryStore(), new DatabaseOptions { ProbeStore = false });
        await engine.CreateAsync("app");
        await engine.Open("app").ExecuteAsync("CREATE TABLE t(v)");
        var before = engine.Requests;
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => engine.Open("app").ExecuteAsync(new Statement("INSERT INTO t VALUES (?)", i))));
        Assert.InRange((engine.Requests - before).Puts, 1, 200);
    }

    private static async Task CountAsync(DatabaseEngine engine, string what, long puts, long gets, Func<Task> act, long listings = 0)
    {
        var before = engine.Requests;
        await act();
        var spent = engine.Requests - before;
        Assert.Equal((what, puts, gets, listings), (what, spent.Puts, spent.Gets, spent.Listings));
    }

    private static async Task<List<DatabaseDescription>> AllAsync(DatabaseEngine engine)
    {
        List<DatabaseDescription> all = [];
        await foreach (var database in engine.ListAsync())
        {
            all.Add(database);
        }

        return all;
    }
}
