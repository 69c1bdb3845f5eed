using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OrleansSqlite.EntityFrameworkCore;
using OrleansSqlite.EntityFrameworkCore.Worker.Model;

namespace OrleansSqlite.Tests.EntityFrameworkCore;

/// <summary>Databases come and go in the store, and each tenant has one.</summary>
public sealed class CreatorTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_database_is_created_and_deleted_in_the_store(bool async)
    {
        await using var shop = await Shop.OpenAsync(create: false);
        await using var context = shop.Context();
        var database = context.Database;
        Assert.False(async ? await database.CanConnectAsync() : database.CanConnect());
        Assert.False(async ? await database.EnsureDeletedAsync() : database.EnsureDeleted());
        Assert.True(async ? await database.EnsureCreatedAsync() : database.EnsureCreated());
        Assert.False(async ? await database.EnsureCreatedAsync() : database.EnsureCreated());
        Assert.True(async ? await database.CanConnectAsync() : database.CanConnect());
        context.Add(new Tag { Id = "old" });
        await context.SaveChangesAsync();

        Assert.True(async ? await database.EnsureDeletedAsync() : database.EnsureDeleted());
        Assert.False(async ? await database.CanConnectAsync() : database.CanConnect());
        Assert.True(async ? await database.EnsureCreatedAsync() : database.EnsureCreated());
        Assert.Equal(0, await context.Tags.CountAsync());
    }

    [Fact]
    public async Task A_database_that_holds_nothing_but_operations_gets_its_tables()
    {
        await using var shop = await Shop.OpenAsync(create: false);
        await shop.Here.CreateAsync(Shop.Name);
        await shop.Here.Open(Shop.Name).ExecuteAsync(new Batch("CREATE TABLE t(v)") { OperationId = "o" });
        await shop.Here.Open(Shop.Name).ExecuteAsync("DROP TABLE t");
        await using var context = shop.Context();
        Assert.True(await context.Database.EnsureCreatedAsync());
        Assert.Equal(0, await context.Tags.CountAsync());
    }

    [Fact]
    public async Task Of_several_instances_one_creates_it()
    {
        await using var shop = await Shop.OpenAsync(create: false);
        bool[] created = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            await using var context = i % 2 == 0 ? shop.Context() : shop.ContextThere();
            bool made = i % 4 < 2 ? await context.Database.EnsureCreatedAsync() : context.Database.EnsureCreated();
            Assert.Equal(0, await context.Tags.CountAsync());
            return made;
        })));
        Assert.Single(created, made => made);
        Assert.Equal("ok", shop.Look("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task Each_tenant_has_a_database_of_its_own()
    {
        await using var shop = await Shop.OpenAsync(create: false);
        await using var services = new ServiceCollection().AddOrleansSqliteDbContextFactory<ShopContext>(_ => shop.Here).BuildServiceProvider();
        var factory = services.GetRequiredService<IOrleansSqliteDbContextFactory<ShopContext>>();
        object? model = null;
        for (int tenant = 0; tenant < 40; tenant++)
        {
            await using var context = factory.CreateDbContext($"tenant-{tenant}");
            await context.Database.EnsureCreatedAsync();
            context.Add(new Tag { Id = $"of {tenant}" });
            await context.SaveChangesAsync();

            // One model, one set of services: EF Core warns of more than twenty.
            Assert.Same(model ??= context.Model, context.Model);
        }

        await using var seven = factory.CreateDbContext("tenant-7");
        Assert.Equal(["of 7"], await seven.Tags.Select(tag => tag.Id).ToListAsync());
        Assert.Equal("of 39", (await shop.There.Open("tenant-39").ScalarAsync("SELECT Id FROM Tags")).AsText());
    }

    [Fact]
    public async Task A_store_is_named_by_its_URL()
    {
        string directory = Directory.CreateTempSubdirectory("orleans-sqlite-").FullName;
        try
        {
            await using var services = new ServiceCollection().AddOrleansSqliteDbContextFactory<ShopContext>($"file:{directory}").BuildServiceProvider();
            await using (var context = services.GetRequiredService<IOrleansSqliteDbContextFactory<ShopContext>>().CreateDbContext("tenant-1"))
            {
                await context.Database.EnsureCreatedAsync();
                context.Add(new Tag { Id = "one" });
                await context.SaveChangesAsync();
            }

            await using (var again = new ShopContext(new DbContextOptionsBuilder<ShopContext>().UseOrleansSqlite($"file:{directory}", "tenant-1").Options))
            {
                Assert.Equal("one", (await again.Tags.SingleAsync()).Id);
                Assert.True(await again.Database.EnsureDeletedAsync());
            }
        }
        finally
        {
            await OrleansSqliteConnection.CloseStoresAsync();
            Directory.Delete(directory, recursive: true);
        }
    }
}
