namespace OrleansSqlite.Tests.Examples;

/// <summary>The example of README.md: what stands there is cut out of here.</summary>
internal static class ShopExample
{
    public static async Task<string> RunAsync(string store)
    {
        await using var engine = await DatabaseEngine.OpenAsync(store); // "s3://bucket/prefix", "file:./data", "memory:"
        await engine.CreateAsync("shop");
        var shop = engine.Open("shop");

        // Statements that run together, or not at all. With an id of your own a repetition takes effect once.
        await shop.ExecuteAsync(new Batch(
            "CREATE TABLE item(name TEXT PRIMARY KEY, stock INTEGER NOT NULL)",
            new Statement("INSERT INTO item VALUES (?, ?), (?, ?)", "tea", 10, "milk", 3))
        {
            OperationId = "first-delivery",
        });

        // A closure over an ordinary SqliteConnection, one serializable transaction. If another process was first, it runs again.
        var sold = await shop.WriteAsync(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "UPDATE item SET stock = stock - 1 WHERE name = 'tea' AND stock > 0 RETURNING stock";
            return command.ExecuteScalar() ?? throw new InvalidOperationException("The tea is sold out.");
        });

        // Here or in any other process: sees all that was acknowledged anywhere before it began.
        var rows = await shop.QueryAllAsync("SELECT name, stock FROM item ORDER BY name");
        Console.WriteLine($"version {sold.Version}, {sold.Value} left: {string.Join(", ", rows.Select(row => $"{row[0]} {row[1]}"))}");

        return $"{sold.Version} {sold.Value} {string.Join(' ', rows.Select(row => $"{row[0]} {row[1]}"))}";
    }
}
