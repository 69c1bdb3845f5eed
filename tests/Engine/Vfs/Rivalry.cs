using OrleansSqlite.Commit;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>Two engines on one store, where the second one can be let in just before the first one's swap: then the first one loses.</summary>
internal sealed class Rivalry : IAsyncDisposable
{
    private Func<Task>? rival;

    private Rivalry(DatabaseEngine mine, DatabaseEngine other)
    {
        Mine = mine;
        Other = other;
        Mine.AtPoint = async point =>
        {
            if (point == CommitPoint.Planned && Interlocked.Exchange(ref rival, null) is { } first)
            {
                await first();
            }
        };
    }

    public DatabaseEngine Mine { get; }

    public DatabaseEngine Other { get; }

    public EngineDatabase My => Mine.Open("app");

    public EngineDatabase Its => Other.Open("app");

    /// <summary>Opens both, with a database <c>app</c>.</summary>
    public static async Task<Rivalry> OpenAsync(DatabaseOptions? options = null)
    {
        options = (options ?? new DatabaseOptions()) with { ProbeStore = false, Combine = false };
        var store = new MemoryStore();
        var rivalry = new Rivalry(await DatabaseEngine.OpenAsync(store, options), await DatabaseEngine.OpenAsync(store, options));
        await rivalry.Mine.CreateAsync("app");
        return rivalry;
    }

    /// <summary>Before my next swap this happens first.</summary>
    public void BeforeMySwap(Func<EngineDatabase, Task> action) => rival = () => action(Its);

    /// <summary>Both see a sound database with the same pages.</summary>
    public async Task AssertSameAndSoundAsync()
    {
        var mine = await My.PinAsync(ReadLevel.Strong, default);
        var its = await Its.PinAsync(ReadLevel.Strong, default);
        Assert.Equal(mine.Version, its.Version);
        Assert.Equal(PagesOf.All(mine.Snapshot), PagesOf.All(its.Snapshot));
        mine.Snapshot.Release();
        its.Snapshot.Release();
        foreach (var database in new[] { My, Its })
        {
            Assert.Equal(["ok"], await database.ReadAsync(connection => connection.Rows("PRAGMA integrity_check")));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Mine.DisposeAsync();
        await Other.DisposeAsync();
    }
}
