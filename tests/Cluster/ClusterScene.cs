using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;
using OrleansSqlite.Client;
using OrleansSqlite.Grains;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests;

/// <summary>Silos over one store, each with a way of its own to it, and a client.</summary>
internal sealed class ClusterScene : IAsyncDisposable
{
    private readonly List<(SiloAddress Silo, FaultyStore Way)> ways = [];
    private readonly Lock gate = new();
    private readonly DatabaseOptions options;

    private ClusterScene(IObjectStore store, DatabaseOptions? options)
    {
        Store = store;
        this.options = options ?? new DatabaseOptions { Threads = 4, ProbeStore = false };
    }

    /// <summary>The store behind all.</summary>
    public IObjectStore Store { get; }

    public InProcessTestCluster Cluster { get; private set; } = null!;

    /// <summary>The ways of the silos to the store, in the order in which the silos started.</summary>
    public IReadOnlyList<FaultyStore> Stores
    {
        get
        {
            lock (gate)
            {
                return [.. ways.Select(way => way.Way)];
            }
        }
    }

    /// <summary>A silo's way to the store.</summary>
    public FaultyStore WayOf(SiloAddress silo)
    {
        lock (gate)
        {
            return ways.Single(way => way.Silo.Equals(silo)).Way;
        }
    }

    /// <summary>The databases as the client has them.</summary>
    public IDatabaseCatalog Databases => Cluster.Client.ServiceProvider.GetRequiredService<IDatabaseCatalog>();

    public static async Task<ClusterScene> StartAsync(
        short silos = 1,
        IObjectStore? store = null,
        DatabaseOptions? options = null,
        Action<OrleansSqliteClientOptions>? client = null,
        Action<ISiloBuilder>? silo = null,
        TimeSpan? responseTimeout = null)
    {
        var scene = new ClusterScene(store ?? new MemoryStore(), options);
        var builder = new InProcessTestClusterBuilder(silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, host) =>
        {
            host.AddMemoryGrainStorage(OrleansSqliteSiloExtensions.GrainStorage);
            host.AddOrleansSqlite((services, _) => scene.OpenAsync(services.GetRequiredService<ILocalSiloDetails>().SiloAddress));
            silo?.Invoke(host);
        });
        builder.ConfigureClientHost(host => host.Services.AddOrleansSqliteClient(client));
        if (responseTimeout is { } timeout)
        {
            builder.ConfigureClientHost(host => host.Services.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = timeout));
        }

        scene.Cluster = builder.Build();
        await scene.Cluster.DeployAsync();
        return scene;
    }

    public IDatabaseGrain Grain(string name) => Cluster.Client.GetGrain<IDatabaseGrain>(name);

    /// <summary>A database with the schema.</summary>
    public async Task<IDatabase> CreateAsync(string name, string schema)
    {
        await Databases.CreateAsync(name);
        var database = Databases.Get(name);
        await database.ExecuteAsync(schema);
        return database;
    }

    /// <summary>What a process that has nothing to do with the cluster reads.</summary>
    public async Task<IReadOnlyList<string>> ColumnAsync(string name, string sql)
    {
        await using var engine = await DatabaseEngine.OpenAsync(new FaultyStore(Store), new DatabaseOptions { ProbeStore = false, Threads = 2 });
        return [.. (await engine.Open(name).QueryAllAsync(sql)).Select(row => row[0].ToString())];
    }

    public async ValueTask DisposeAsync() => await Cluster.DisposeAsync();

    private Task<DatabaseEngine> OpenAsync(SiloAddress silo)
    {
        var way = new FaultyStore(Store);
        lock (gate)
        {
            ways.Add((silo, way));
        }

        return DatabaseEngine.OpenAsync(way, options);
    }
}
