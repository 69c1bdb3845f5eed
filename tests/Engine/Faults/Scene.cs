using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Faults;

/// <summary>One store, and the processes that share a database in it. Time is virtual: nothing waits in earnest.</summary>
internal sealed class Scene : IAsyncDisposable
{
    /// <summary>The database's name.</summary>
    public const string Name = "app";

    private readonly List<Process> processes = [];
    private readonly TimePump? pump;
    private ulong seeds;

    /// <param name="seed">Decides all randomness.</param>
    /// <param name="pumped">False if the test moves the clock itself.</param>
    public Scene(ulong seed = 1, bool pumped = true)
    {
        seeds = seed << 16;
        Memory = new MemoryStore(Time);
        pump = pumped ? new TimePump(Time) : null;
    }

    /// <summary>The key of the head.</summary>
    public const string HeadKey = Name + "/head";

    /// <summary>Whether who loses a race may leave its write to others. If not, it runs again by itself, so that its requests can be told one by one.</summary>
    public bool Combines { get; init; }

    /// <summary>Everybody's clock.</summary>
    public VirtualTime Time { get; } = new();

    /// <summary>The store behind everybody's connection.</summary>
    public MemoryStore Memory { get; }

    /// <summary>All that have joined.</summary>
    public IReadOnlyList<Process> Processes
    {
        get
        {
            lock (processes)
            {
                return [.. processes];
            }
        }
    }

    /// <summary>The process that joined as that one, from 0.</summary>
    public Process this[int index] => processes[index];

    /// <summary>A scene with so many processes that have opened the database, which has this schema as its version 1.</summary>
    public static Task<Scene> WithAsync(int processes, params string[] schema) => WithAsync(processes, null, schema);

    /// <summary>A scene with so many processes that have opened the database, which has this schema as its version 1.</summary>
    public static async Task<Scene> WithAsync(int processes, DatabaseOptions? options, params string[] schema)
    {
        var scene = new Scene();
        for (int i = 0; i < processes; i++)
        {
            await scene.JoinAsync(options);
        }

        await scene[0].Engine.CreateAsync(Name);
        if (schema.Length > 0)
        {
            await scene[0].Database.ExecuteAsync(new Batch([.. schema.Select(sql => new Statement(sql))]));
        }

        foreach (var process in scene.processes)
        {
            await process.Database.DescribeAsync();
        }

        return scene;
    }

    /// <summary>One more process.</summary>
    /// <param name="options">Its settings.</param>
    /// <param name="atPoint">What happens to it at the points of the commit path.</param>
    /// <param name="realTime">Whether it lives by the machine's clock.</param>
    public async Task<Process> JoinAsync(DatabaseOptions? options = null, Func<CommitPoint, ValueTask>? atPoint = null, bool realTime = false)
    {
        TimeProvider time = realTime ? TimeProvider.System : Time;
        ulong own = Interlocked.Add(ref seeds, 2);
        var store = new FaultyStore(Memory, time, own);
        var engine = await DatabaseEngine.OpenAsync(
            // Time flies here, so a read would be sent twice at any moment: whoever counts requests, or has one of them fail, could not tell which.
            store, Settings(options ?? new DatabaseOptions { Threads = 2 }), null, time, new Entropy(own + 1));
        engine.AtPoint = atPoint;
        var process = new Process(store, engine);
        lock (processes)
        {
            processes.Add(process);
        }

        return process;
    }

    /// <summary>Where days pass in no time a collection would begin at any moment: only who sets another interval than the usual one has them.</summary>
    private DatabaseOptions Settings(DatabaseOptions options) => options with
    {
        ProbeStore = false,
        HedgeReads = false,
        Combine = Combines,
        CollectInterval = options.CollectInterval == new DatabaseOptions().CollectInterval ? TimeSpan.Zero : options.CollectInterval,
    };

    /// <summary>The head as it lies in the store.</summary>
    public async Task<Head> HeadAsync() =>
        HeadCodec.Decode((await Memory.ReadAsync(HeadKey, null, CancellationToken.None)).Content, HeadKey);

    /// <summary>Puts another head in the place of the one in the store, as no process should.</summary>
    public async Task ReplaceHeadAsync(Func<Head, Head> change) =>
        await Memory.WriteAsync(HeadKey, HeadCodec.Encode(change(await HeadAsync())), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Processes.Where(process => !process.IsDead))
        {
            await process.DisposeAsync();
        }

        pump?.Dispose();
    }
}

/// <summary>A process: its way to the store, and its engine.</summary>
internal sealed class Process(FaultyStore store, DatabaseEngine engine) : IAsyncDisposable
{
    private readonly HashSet<EngineDatabase> opened = [];

    public FaultyStore Store => store;

    public DatabaseEngine Engine => engine;

    public EngineDatabase Database
    {
        get
        {
            var database = engine.Open(Scene.Name);
            lock (opened)
            {
                opened.Add(database);
            }

            return database;
        }
    }

    /// <summary>Whether it died: then nobody ends it in good order.</summary>
    public bool IsDead { get; set; }

    /// <summary>Whether it has ended in good order.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Ends the process in good order. Nothing is left of it: every snapshot that it held is let go.</summary>
    public async ValueTask DisposeAsync()
    {
        IsEnded = true;
        await engine.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        EngineDatabase[] all;
        lock (opened)
        {
            all = [.. opened];
            opened.Clear();
        }

        // Readers that are still open let go when they end.
        SpinWait.SpinUntil(() => all.All(database => database.Context.Snapshots.Held == 0), TimeSpan.FromSeconds(10));
        Assert.All(all, database => Assert.Equal(0, database.Context.Snapshots.Held));
    }

    /// <summary>Runs one statement.</summary>
    public Task<StatementResult> RunAsync(string sql, params object?[] parameters) => Database.ExecuteAsync(sql, parameters);

    /// <summary>Runs statements as one transaction.</summary>
    public Task<BatchResult> RunAllAsync(params string[] sql) =>
        Database.ExecuteAsync(new Batch([.. sql.Select(one => new Statement(one))]));

    /// <summary>A query's only value.</summary>
    public async Task<long> CountAsync(string sql) => (await Database.ScalarAsync(sql)).AsInteger();

    /// <summary>The error that a call ends with.</summary>
    public static Task<DatabaseException> FailureAsync(Task call) => Assert.ThrowsAsync<DatabaseException>(() => call);

    /// <summary>The first column of a query's rows, as text.</summary>
    public async Task<string[]> ColumnAsync(string sql) =>
        [.. (await Database.QueryAllAsync(sql)).Select(row => row[0].ToString())];

    /// <summary>All rows of a query as text: columns apart by a bar, rows by a line.</summary>
    public async Task<string> RowsAsync(string sql) =>
        string.Join('\n', (await Database.QueryAllAsync(sql)).Select(row => string.Join('|', row)));
}
