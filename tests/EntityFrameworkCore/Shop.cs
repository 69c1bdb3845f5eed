using Microsoft.EntityFrameworkCore;
using OrleansSqlite.EntityFrameworkCore.Worker;
using OrleansSqlite.EntityFrameworkCore.Worker.Model;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Regressions;

namespace OrleansSqlite.Tests.EntityFrameworkCore;

/// <summary>One store with the shop's database, and two engines on it, as two processes have: contexts are here, rivals there.</summary>
internal sealed class Shop : IAsyncDisposable
{
    public const string Name = "shop";

    private Shop(FaultStore faults, DatabaseEngine here, DatabaseEngine there)
    {
        Faults = faults;
        Here = here;
        There = there;
    }

    public FaultStore Faults { get; }

    public DatabaseEngine Here { get; }

    public DatabaseEngine There { get; }

    /// <summary>How often a unit here was run again.</summary>
    public RetryCounter Retries { get; } = new();

    /// <summary>Makes the engines, and the database with its tables if that is wanted.</summary>
    public static async Task<Shop> OpenAsync(bool create = true)
    {
        var store = new MemoryStore();
        var faults = new FaultStore(store);
        var options = new DatabaseOptions { ProbeStore = false, RetryTime = TimeSpan.FromSeconds(5) };
        var shop = new Shop(faults, await DatabaseEngine.OpenAsync(faults, options), await DatabaseEngine.OpenAsync(store, options));
        if (create)
        {
            await using var context = shop.Context();
            await context.Database.EnsureCreatedAsync();
        }

        return shop;
    }

    /// <summary>A context here.</summary>
    public ShopContext Context(Action<DbContextOptionsBuilder>? more = null) => Context(Here, more);

    /// <summary>A context of the rival.</summary>
    public ShopContext ContextThere() => Context(There, null);

    /// <summary>Options of a context of any type here.</summary>
    public DbContextOptions<T> OptionsFor<T>(DatabaseEngine? engine = null, string database = Name)
        where T : DbContext => new DbContextOptionsBuilder<T>().UseOrleansSqlite(engine ?? Here, database).Options;

    /// <summary>The rival commits.</summary>
    public void Rival(string sql) => There.Open(Name).ExecuteAsync(new Batch(sql)).GetAwaiter().GetResult();

    /// <summary>What is in the store now.</summary>
    public string Look(string sql) => string.Join(';', There.Open(Name).QueryAllAsync(sql).GetAwaiter().GetResult().Select(row => string.Join(',', row)));

    /// <summary>The next swap that the store takes gets lost on its way back, and until <see cref="FindStore"/> nothing can be read:
    /// the commit ends in doubt.</summary>
    public void LoseAnswerOfNextSwap() => Faults.AfterNextSwap = LoseStore;

    /// <summary>The next swap does not reach the store, and nobody can tell.</summary>
    public void LoseNextSwap() => Faults.BeforeNextSwap = LoseStore;

    /// <summary>The store can be read again.</summary>
    public void FindStore() => Faults.ReadFailure = null;

    public async ValueTask DisposeAsync()
    {
        await Here.DisposeAsync();
        await There.DisposeAsync();
    }

    private Task LoseStore()
    {
        Faults.ReadFailure = StoreFailure.Denied;
        throw FaultStore.Lost();
    }

    private ShopContext Context(DatabaseEngine engine, Action<DbContextOptionsBuilder>? more)
    {
        var builder = new DbContextOptionsBuilder<ShopContext>().UseOrleansSqlite(engine, Name);
        builder.LogTo(Retries.Filter, Retries.Count);
        more?.Invoke(builder);
        return new ShopContext(builder.Options);
    }
}
