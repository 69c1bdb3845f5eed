using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using OrleansSqlite.EntityFrameworkCore.Worker.Model;

namespace OrleansSqlite.Tests.EntityFrameworkCore;

/// <summary>Races that are lost, and who runs again.</summary>
public sealed class StrategyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_that_are_given_the_same_key_get_keys_of_their_own(bool async)
    {
        await using var shop = await Shop.OpenAsync();
        await using var context = shop.Context();
        var category = new Category { Name = "mine", Products = { new Product { Name = "tea" } } };
        context.Add(category);
        shop.Rival("INSERT INTO Categories(Name) VALUES ('theirs')");
        Assert.Equal(2, async ? await context.SaveChangesAsync() : context.SaveChanges());
        Assert.Equal(2, category.Id);
        Assert.Equal("1,theirs;2,mine", shop.Look("SELECT Id, Name FROM Categories ORDER BY Id"));
        Assert.Equal("1,tea,2", shop.Look("SELECT Id, Name, CategoryId FROM Products"));
        Assert.Equal(1, shop.Retries.Counted);
        Assert.All(context.ChangeTracker.Entries(), entry => Assert.Equal(EntityState.Unchanged, entry.State));
    }

    [Fact]
    public async Task A_race_that_changes_nothing_that_was_told_is_not_noticed()
    {
        await using var shop = await Shop.OpenAsync();
        await using var context = shop.Context();
        context.Add(new Tag { Id = "mine" });
        shop.Rival("INSERT INTO Tags(Id) VALUES ('theirs')");
        await context.SaveChangesAsync();
        Assert.Equal(0, shop.Retries.Counted);
        Assert.Equal("mine;theirs", shop.Look("SELECT Id FROM Tags ORDER BY Id"));
    }

    [Fact]
    public async Task A_unit_that_looks_and_writes_runs_again_as_a_whole()
    {
        await using var shop = await Shop.OpenAsync();
        shop.Rival("INSERT INTO Counters VALUES ('c', 10)");
        await using var context = shop.Context();
        int runs = 0;
        await context.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            context.ChangeTracker.Clear();
            await using var transaction = await context.Database.BeginTransactionAsync();
            var counter = await context.Counters.SingleAsync();
            counter.Value++;
            await context.SaveChangesAsync();
            if (++runs == 1)
            {
                shop.Rival("UPDATE Counters SET Value = 20");
            }

            await transaction.CommitAsync();
        });
        Assert.Equal(2, runs);
        Assert.Equal("21", shop.Look("SELECT Value FROM Counters"));
    }

    [Fact]
    public async Task Without_the_strategy_the_caller_is_told_of_the_conflict()
    {
        await using var shop = await Shop.OpenAsync();
        shop.Rival("INSERT INTO Counters VALUES ('c', 10)");
        await using var context = shop.Context();
        Assert.Equal(1, await context.Counters.CountAsync());
        await using var transaction = await context.Database.BeginTransactionAsync();
        (await context.Counters.SingleAsync()).Value++;
        await context.SaveChangesAsync();
        shop.Rival("UPDATE Counters SET Value = 20");
        var error = await Assert.ThrowsAsync<OrleansSqliteException>(() => transaction.CommitAsync());
        Assert.Equal((ErrorKind.Conflict, ErrorCodes.DataChanged, 516), (error.Kind, error.Failure.Code, error.SqliteExtendedErrorCode));
        Assert.Equal("20", shop.Look("SELECT Value FROM Counters"));
    }

    [Fact]
    public async Task A_stale_concurrency_token_stays_what_it_is()
    {
        await using var shop = await Shop.OpenAsync();
        shop.Rival("INSERT INTO Counters VALUES ('c', 10)");
        await using var context = shop.Context();
        var counter = await context.Counters.SingleAsync();
        shop.Rival("UPDATE Counters SET Value = 20");
        counter.Value++;
        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => context.SaveChangesAsync());
        await context.Entry(counter).ReloadAsync();
        Assert.Equal(20, counter.Value);
        counter.Value++;
        context.SaveChanges();
        Assert.Equal("21", shop.Look("SELECT Value FROM Counters"));
    }

    [Fact]
    public async Task What_was_seen_elsewhere_is_found_here()
    {
        await using var shop = await Shop.OpenAsync();
        await using var context = shop.Context();
        Assert.Equal(0, await context.Counters.CountAsync());

        // Shown to somebody by another process; this one has not looked since.
        shop.Rival("INSERT INTO Counters VALUES ('c', 10); INSERT INTO Categories(Id, Name) VALUES (7, 'theirs')");
        context.Attach(new Counter { Id = "c", Value = 10 }).Entity.Value = 11;
        await context.SaveChangesAsync();
        Assert.Equal("11", shop.Look("SELECT Value FROM Counters"));

        shop.Rival("INSERT INTO Categories(Id, Name) VALUES (8, 'theirs, too')");
        context.Add(new Product { Name = "tea", CategoryId = 8 });
        context.SaveChanges();
        Assert.Equal("8", shop.Look("SELECT CategoryId FROM Products"));
        Assert.Equal(2, shop.Retries.Counted);
    }

    [Fact]
    public async Task An_error_that_is_none_of_a_race_is_told_once()
    {
        await using var shop = await Shop.OpenAsync();
        await using var context = shop.Context();
        context.Add(new Product { Name = "tea", CategoryId = 99 });
        await Assert.ThrowsAsync<DbUpdateException>(() => context.SaveChangesAsync());
        Assert.Equal(0, shop.Retries.Counted);
        Assert.Equal("0", shop.Look("SELECT count(*) FROM Products"));
    }

    [Fact]
    public async Task A_store_that_is_away_for_a_moment_is_asked_again()
    {
        await using var shop = await Shop.OpenAsync();
        await using var context = shop.Context();
        context.Add(new Tag { Id = "once" });
        shop.Faults.BeforeNextSwap = () => throw new Stores.StoreException(Stores.StoreFailure.Denied, "faults:", null, "The test says so.");
        await context.SaveChangesAsync();
        Assert.Equal(1, shop.Retries.Counted);
        Assert.Equal("once", shop.Look("SELECT Id FROM Tags"));
    }

    [Fact]
    public async Task A_strategy_that_gives_up_says_why()
    {
        await using var shop = await Shop.OpenAsync();
        var builder = new DbContextOptionsBuilder<ShopContext>().UseOrleansSqlite(
            shop.Here, Shop.Name, sqlite => sqlite.ExecutionStrategy(needs => new OrleansSqlite.EntityFrameworkCore.OrleansSqliteExecutionStrategy(needs, 2, TimeSpan.FromSeconds(30))));
        await using var context = new ShopContext(builder.Options);
        int runs = 0;
        var error = await Assert.ThrowsAsync<RetryLimitExceededException>(() => context.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await context.Database.BeginTransactionAsync();
            _ = await context.Tags.CountAsync();
            await context.Database.ExecuteSqlRawAsync("INSERT INTO Counters VALUES ('c', 1)");
            shop.Rival($"INSERT INTO Tags(Id) VALUES ('{++runs}')");
            await transaction.CommitAsync();
        }));
        Assert.Equal(3, runs);
        Assert.Equal(ErrorKind.Conflict, Assert.IsType<OrleansSqliteException>(error.InnerException).Kind);
    }

    [Fact]
    public async Task A_transaction_of_the_callers_has_savepoints()
    {
        await using var shop = await Shop.OpenAsync();
        await using var context = shop.Context();
        await using (var transaction = await context.Database.BeginTransactionAsync())
        {
            context.Add(new Tag { Id = "kept" });
            await context.SaveChangesAsync();
            await transaction.CreateSavepointAsync("here");
            await context.Database.ExecuteSqlRawAsync("INSERT INTO Tags(Id) VALUES ('undone')");
            await transaction.RollbackToSavepointAsync("here");

            // EF Core undoes a SaveChanges that fails by a savepoint of its own.
            var bad = context.Add(new Product { Name = "tea", CategoryId = 99 });
            await Assert.ThrowsAsync<DbUpdateException>(() => context.SaveChangesAsync());
            bad.State = EntityState.Detached;
            shop.Rival("INSERT INTO Tags(Id) VALUES ('theirs')");
            await transaction.CommitAsync();
        }

        Assert.Equal("kept;theirs", shop.Look("SELECT Id FROM Tags ORDER BY Id"));
    }
}
