using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Regressions;

/// <summary>One store with the database "app", and two engines on it: the first behind faults, the second without.</summary>
internal sealed class Rivals : IAsyncDisposable
{
    /// <summary>How long a test waits for what must come, on a machine that does much else.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private Rivals(FaultStore faults, DatabaseEngine first, DatabaseEngine second)
    {
        Faults = faults;
        First = first;
        Second = second;
    }

    public FaultStore Faults { get; }

    public DatabaseEngine First { get; }

    public DatabaseEngine Second { get; }

    /// <summary>The database in the first engine.</summary>
    public EngineDatabase Here => First.Open("app");

    /// <summary>The database in the second engine.</summary>
    public EngineDatabase There => Second.Open("app");

    /// <summary>Makes the engines, and the database with that SQL.</summary>
    public static async Task<Rivals> OpenAsync(string? sql, DatabaseOptions? options = null)
    {
        var store = new MemoryStore();
        var faults = new FaultStore(store);
        options = (options ?? new DatabaseOptions()) with { ProbeStore = false, Combine = false };
        var rivals = new Rivals(faults, await DatabaseEngine.OpenAsync(faults, options), await DatabaseEngine.OpenAsync(store, options));
        if (sql is not null)
        {
            await rivals.First.CreateAsync("app");
            await rivals.Here.ExecuteAsync(sql);
        }

        return rivals;
    }

    /// <summary>All rows as text: columns by commas, rows by semicolons.</summary>
    public static async Task<string> RowsAsync(IDatabase database, string sql) =>
        string.Join(';', (await database.QueryAllAsync(sql)).Select(row => string.Join(',', row)));

    /// <summary>
    /// Done when all writes that were sent before have run and are stacked: writes take their turns in order, and this one is behind them.
    /// </summary>
    public static async Task StackedAsync(EngineDatabase database)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = database.WriteAsync(_ => turn.TrySetResult());
        await turn.Task.WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await First.DisposeAsync();
        await Second.DisposeAsync();
    }
}
