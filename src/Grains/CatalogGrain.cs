using Orleans.Runtime;

namespace OrleansSqlite.Grains;

/// <summary>Lists the databases of the store, and keeps the list for those who may be told an old one.</summary>
internal sealed class CatalogGrain(
    DatabaseEngine engine,
    TimeProvider time,
    [PersistentState("catalog", CatalogGrain.Storage)] IPersistentState<Catalog> state) : Grain, ICatalogGrain
{
    /// <summary>The name of the grain storage; a silo may have it in memory, in the store, or in DynamoDB.</summary>
    internal const string Storage = "orleans-sqlite";

    public async Task<Reply<DatabaseDescription[]>> ListAsync(ReadLevel level, CancellationToken cancellation)
    {
        if (level.Kind == ReadLevelKind.StaleBy && state.RecordExists && time.GetUtcNow() - state.State.ListedAt <= level.Age)
        {
            return new() { Result = state.State.Databases };
        }

        var listed = await Reply.OfAsync(FromStoreAsync(cancellation));
        if (listed.Result is not null)
        {
            state.State = listed.Result;
            await SaveAsync();
        }

        return new() { Result = listed.Result?.Databases, Fault = listed.Fault, IsCancelled = listed.IsCancelled };
    }

    private async Task<Catalog> FromStoreAsync(CancellationToken cancellation)
    {
        var began = time.GetUtcNow();
        List<DatabaseDescription> found = [];
        await foreach (var database in engine.ListAsync(cancellation))
        {
            found.Add(database);
        }

        return new Catalog { ListedAt = began, Databases = [.. found] };
    }

    private async Task SaveAsync()
    {
        try
        {
            await state.WriteStateAsync();
        }
        catch (Exception)
        {
            // Nothing hangs on it: the list that was just made is right, and the next activation makes its own.
            DeactivateOnIdle();
        }
    }
}

/// <summary>The list as it is kept.</summary>
[GenerateSerializer]
[Alias("OrleansSqlite.Catalog")]
internal sealed class Catalog
{
    /// <summary>When the listing began, by the clock of the silo that made it.</summary>
    [Id(0)]
    public DateTimeOffset ListedAt { get; set; }

    /// <summary>The databases, by name.</summary>
    [Id(1)]
    public DatabaseDescription[] Databases { get; set; } = [];
}
