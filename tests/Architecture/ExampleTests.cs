using Microsoft.EntityFrameworkCore;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Examples;

namespace OrleansSqlite.Tests;

/// <summary>The examples of the docs do what the docs say.</summary>
public sealed class ExampleTests
{
    [Fact]
    public async Task The_shop_of_the_readme_runs_in_memory() =>
        Assert.Equal("2 9 milk 3 tea 9", await ShopExample.RunAsync("memory:"));

    [Fact]
    public async Task The_shop_of_the_readme_runs_in_a_directory()
    {
        string directory = Directory.CreateTempSubdirectory("orleans-sqlite-").FullName;
        try
        {
            Assert.Equal("2 9 milk 3 tea 9", await ShopExample.RunAsync($"file:{directory}"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_repeated_order_takes_effect_once()
    {
        await using var engine = await ShopAsync("CREATE TABLE orders(item TEXT)");
        var first = await ConsistencyExamples.OnceAsync(engine.Open("shop"), CancellationToken.None);
        var second = await ConsistencyExamples.OnceAsync(engine.Open("shop"), CancellationToken.None);
        Assert.False(first.Repeated);
        Assert.True(second.Repeated);
        Assert.Equal(first.Version, second.Version);
        Assert.Equal(SqlValue.From(1), await engine.Open("shop").ScalarAsync("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task A_decision_stands_on_what_was_seen()
    {
        await using var engine = await ShopAsync("CREATE TABLE item(name TEXT PRIMARY KEY, price REAL); INSERT INTO item VALUES ('tea', 10)");
        await ConsistencyExamples.OnWhatWasSeenAsync(engine.Open("shop"));
        Assert.Equal(11, (await engine.Open("shop").ScalarAsync("SELECT price FROM item")).AsReal(), 6);
    }

    [Fact]
    public async Task A_shop_of_EF_Core_sells_what_it_has_and_takes_an_order_once()
    {
        string directory = Directory.CreateTempSubdirectory("orleans-sqlite-").FullName;
        try
        {
            string store = $"file:{directory}";
            Assert.Equal(1, await EfCoreExamples.OpenAsync(store));
            await using var shop = new EfCoreExamples.Shop(new DbContextOptionsBuilder<EfCoreExamples.Shop>().UseOrleansSqlite(store, "shop").Options);
            Assert.True(await EfCoreExamples.SellAsync(shop, "tea", 7));
            Assert.False(await EfCoreExamples.SellAsync(shop, "tea", 7));
            shop.ChangeTracker.Clear();
            Assert.False(await EfCoreExamples.OrderAsync(shop, 17));
            Assert.True(await EfCoreExamples.OrderAsync(shop, 17));
            Assert.Equal(1, await shop.Orders.CountAsync());
            Assert.Equal(0, await EfCoreExamples.TenantsAsync(store));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_sale_by_ADO_NET_looks_again_if_somebody_else_sold()
    {
        string directory = Directory.CreateTempSubdirectory("orleans-sqlite-").FullName;
        try
        {
            await using (var source = OrleansSqliteDataSource.Create($"Store=file:{directory};Data Source=shop"))
            {
                await using var connection = await source.OpenConnectionAsync();
                await using var command = connection.CreateCommand();
                command.CommandText = "CREATE TABLE item(name TEXT PRIMARY KEY, stock INTEGER); INSERT INTO item VALUES ('tea', 3); CREATE TABLE orders(number)";
                await command.ExecuteNonQueryAsync();
                Assert.False(await DataExamples.OrderAsync(connection, 17));
                Assert.True(await DataExamples.OrderAsync(connection, 17));
            }

            Assert.True(await DataExamples.SellAsync($"file:{directory}", "tea", 2, CancellationToken.None));
            Assert.False(await DataExamples.SellAsync($"file:{directory}", "tea", 2, CancellationToken.None));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<DatabaseEngine> ShopAsync(string sql)
    {
        var engine = await ConsistencyExamples.OpenWithSettingsAsync(new MemoryStore());
        await engine.CreateAsync("shop");
        await engine.Open("shop").ExecuteAsync(sql);
        return engine;
    }
}
