using Dapper;

namespace OrleansSqlite.Tests.Examples;

/// <summary>The examples of docs/DATA.md: what stands there is cut out of here.</summary>
internal static class DataExamples
{
    /// <summary>Sells from a shop, if there is enough.</summary>
    public static async Task<bool> SellAsync(string store, string name, int count, CancellationToken cancellation)
    {
        await using var source = OrleansSqliteDataSource.Create($"Store={store};Data Source=shop");
        await using var connection = await source.OpenConnectionAsync(cancellation);
        return await SellAsync(connection, name, count);
    }

    /// <summary>A transaction that reads, decides and writes.</summary>
    public static async Task<bool> SellAsync(OrleansSqliteConnection connection, string name, int count)
    {
        for (int attempt = 1; ; attempt++)
        {
            await using var transaction = connection.BeginTransaction();
            try
            {
                long stock = await connection.ExecuteScalarAsync<long>("SELECT stock FROM item WHERE name = @name", new { name }, transaction);
                if (stock < count)
                {
                    return false;
                }

                await connection.ExecuteAsync("UPDATE item SET stock = stock - @count WHERE name = @name", new { name, count }, transaction);
                transaction.Commit();
                return true;
            }
            catch (OrleansSqliteException e) when (e.Kind == ErrorKind.Conflict && attempt < 10)
            {
                // Somebody sold of it between the SELECT and the COMMIT: look again.
            }
        }
    }

    /// <summary>An order that is sent again when nobody knows whether it arrived.</summary>
    public static async Task<bool> OrderAsync(OrleansSqliteConnection connection, int number)
    {
        connection.OperationId = $"order-{number}";
        await using var transaction = connection.BeginTransaction();
        await connection.ExecuteAsync("INSERT INTO orders(number) VALUES (@number)", new { number }, transaction);
        transaction.Commit();
        return connection.OperationRepeated;
    }
}
