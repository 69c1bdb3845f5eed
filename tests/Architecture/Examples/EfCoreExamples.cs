using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OrleansSqlite.EntityFrameworkCore;

namespace OrleansSqlite.Tests.Examples;

/// <summary>The examples of docs/EFCORE.md: what stands there is cut out of here.</summary>
internal static class EfCoreExamples
{
    /// <summary>A context by hand.</summary>
    public static async Task<int> OpenAsync(string store)
    {
        var options = new DbContextOptionsBuilder<Shop>().UseOrleansSqlite(store, "shop").Options;

        await using var shop = new Shop(options);
        await shop.Database.EnsureCreatedAsync();
        shop.Items.Add(new Item { Name = "tea", Stock = 10 });
        return await shop.SaveChangesAsync();
    }

    /// <summary>A unit that looks, decides and writes.</summary>
    public static async Task<bool> SellAsync(Shop shop, string name, int count)
    {
        return await shop.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            shop.ChangeTracker.Clear();
            await using var transaction = await shop.Database.BeginTransactionAsync();
            var item = await shop.Items.SingleAsync(item => item.Name == name);
            if (item.Stock < count)
            {
                return false;
            }

            item.Stock -= count;
            await shop.SaveChangesAsync();
            await transaction.CommitAsync();
            return true;
        });
    }

    /// <summary>A write with a key of the caller's own.</summary>
    public static async Task<bool> OrderAsync(Shop shop, int number)
    {
        shop.Database.UseOperationId($"order-{number}");
        shop.Orders.Add(new Order { Number = number });
        await shop.SaveChangesAsync();
        return shop.Database.WasOperationRepeated();
    }

    /// <summary>A database for each tenant.</summary>
    public static async Task<int> TenantsAsync(string store)
    {
        var services = new ServiceCollection();
        services.AddOrleansSqliteDbContextFactory<Shop>(store);
        await using var provider = services.BuildServiceProvider();
        var shops = provider.GetRequiredService<IOrleansSqliteDbContextFactory<Shop>>();

        await using var shop = shops.CreateDbContext("tenant-42");
        await shop.Database.EnsureCreatedAsync();
        return await shop.Items.CountAsync();
    }

    /// <summary>The model.</summary>
    public sealed class Shop(DbContextOptions<Shop> options) : DbContext(options)
    {
        /// <summary>What is sold.</summary>
        public DbSet<Item> Items => Set<Item>();

        /// <summary>What was ordered.</summary>
        public DbSet<Order> Orders => Set<Order>();
    }

    /// <summary>An item.</summary>
    public sealed class Item
    {
        /// <summary>Its key, as the database gave it.</summary>
        public int Id { get; set; }

        /// <summary>Its name.</summary>
        public required string Name { get; set; }

        /// <summary>How many there are.</summary>
        public int Stock { get; set; }
    }

    /// <summary>An order.</summary>
    public sealed class Order
    {
        /// <summary>Its key, as the database gave it.</summary>
        public int Id { get; set; }

        /// <summary>Its number.</summary>
        public int Number { get; set; }
    }
}
