using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Regressions;

namespace OrleansSqlite.Tests.Data;

/// <summary>One store with the database "app", and two engines on it, as two processes have: connections are here, rivals there.</summary>
internal sealed class Pair : IAsyncDisposable
{
    private readonly List<OrleansSqliteConnection> connections = [];

    private readonly List<DatabaseEngine> more = [];

    private Pair(FaultStore faults, DatabaseEngine here, DatabaseEngine there)
    {
        Faults = faults;
        Here = here;
        There = there;
    }

    public FaultStore Faults { get; }

    public DatabaseEngine Here { get; }

    public DatabaseEngine There { get; }

    /// <summary>Makes the engines, and the database with that SQL.</summary>
    public static async Task<Pair> OpenAsync(string? sql = null, DatabaseOptions? options = null, bool combine = false)
    {
        var store = new MemoryStore();
        var faults = new FaultStore(store);
        options = (options ?? new DatabaseOptions()) with { ProbeStore = false, Combine = combine };
        var pair = new Pair(faults, await DatabaseEngine.OpenAsync(faults, options), await DatabaseEngine.OpenAsync(store, options));
        await pair.Here.CreateAsync("app");
        if (sql is not null)
        {
            await pair.Here.Open("app").ExecuteAsync(sql);
        }

        return pair;
    }

    /// <summary>An open connection here.</summary>
    public OrleansSqliteConnection Connect(string more = "") => Connect(Here, more);

    /// <summary>An open connection of the rival.</summary>
    public OrleansSqliteConnection ConnectThere() => Connect(There, "");

    /// <summary>The rival commits.</summary>
    public void Rival(string sql) => There.Open("app").ExecuteAsync(new Batch(sql)).GetAwaiter().GetResult();

    /// <summary>From now on connections here leave whatever they can, and the rival carries it before anybody looks for it.</summary>
    public async Task CrowdAsync()
    {
        await There.Open("app").DescribeAsync();
        BelieveIn(Here);
        Faults.AfterWrite = key => key.StartsWith("app/inbox/", StringComparison.Ordinal) ? CarryAsync() : Task.CompletedTask;

        Task CarryAsync()
        {
            var combiner = There.Open("app").Left.Combiner;
            combiner.Wake();
            return combiner.WhenIdleAsync();
        }
    }

    /// <summary>One more process like the one here, with a connection.</summary>
    public OrleansSqliteConnection Join()
    {
        var engine = DatabaseEngine.OpenAsync(new FaultStore(Faults), new DatabaseOptions { ProbeStore = false }).GetAwaiter().GetResult();
        lock (connections)
        {
            more.Add(engine);
        }

        BelieveIn(engine);
        return Connect(engine, "");
    }

    /// <summary>What is in the store now.</summary>
    public string Look(string sql) => string.Join(';', There.Open("app").QueryAllAsync(sql).GetAwaiter().GetResult().Select(row => string.Join(',', row)));

    public async ValueTask DisposeAsync()
    {
        connections.ForEach(connection => connection.Dispose());
        foreach (var engine in more)
        {
            await engine.DisposeAsync();
        }

        await Here.DisposeAsync();
        await There.DisposeAsync();
    }

    private OrleansSqliteConnection Connect(DatabaseEngine engine, string more)
    {
        var connection = OrleansSqliteDataSource.Create(engine, $"Data Source=app;{more}").OpenConnection();
        lock (connections)
        {
            connections.Add(connection);
        }

        return connection;
    }

    private static void BelieveIn(DatabaseEngine engine) => engine.Open("app").Left.Crowd.Pretended = true;
}
