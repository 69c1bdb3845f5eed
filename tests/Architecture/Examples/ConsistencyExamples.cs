using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Examples;

/// <summary>The examples of docs/CONSISTENCY.md and docs/OPERATIONS.md: what stands there is cut out of here.</summary>
internal static class ConsistencyExamples
{
    /// <summary>A write whose answer may be lost.</summary>
    public static async Task<BatchResult> OnceAsync(IDatabase shop, CancellationToken cancellation)
    {
        var order = new Batch(new Statement("INSERT INTO orders(item) VALUES (?)", "tea")) { OperationId = "order-17" };
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await shop.ExecuteAsync(order, cancellation);
            }
            catch (DatabaseException e) when (e.IsTransient && attempt < 5)
            {
                await Task.Delay(TimeSpan.FromSeconds(attempt), TimeProvider.System, cancellation);
            }
        }
    }

    /// <summary>A decision taken by a person, on what a query showed.</summary>
    public static async Task<BatchResult> OnWhatWasSeenAsync(IDatabase shop)
    {
        await using var rows = await shop.QueryAsync("SELECT price FROM item WHERE name = 'tea'");
        var price = (await rows.ReadAsync())[0][0].AsReal();

        var raise = new Statement("UPDATE item SET price = ? WHERE name = 'tea'", price * 1.1);
        return await shop.ExecuteAsync(new Batch(raise) { ExpectedVersion = rows.Version });
    }

    /// <summary>A store in S3 with settings that its URL has no words for.</summary>
    public static Task<DatabaseEngine> OpenWithSettingsAsync(IObjectStore store)
    {
        var options = new DatabaseOptions { PageCacheBytes = 64L << 20, RetryTime = TimeSpan.FromSeconds(10) };
        return DatabaseEngine.OpenAsync(store, options);
    }
}
