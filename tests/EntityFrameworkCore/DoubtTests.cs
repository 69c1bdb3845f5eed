using Microsoft.EntityFrameworkCore;
using OrleansSqlite.EntityFrameworkCore.Worker.Model;

namespace OrleansSqlite.Tests.EntityFrameworkCore;

/// <summary>Commits of which the store did not say whether they landed.</summary>
public sealed class DoubtTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_commit_that_landed_is_accepted_as_it_was_told(bool async)
    {
        await using var shop = await Shop.OpenAsync();
        await using var context = shop.Context();
        var category = new Category { Name = "mine" };
        context.Add(category);
        shop.LoseAnswerOfNextSwap();
        var save = Task.Run(async () => async ? await context.SaveChangesAsync() : context.SaveChanges());
        await WhileAwayAsync(shop, save);
        Assert.Equal(1, await save);
        Assert.Equal(EntityState.Unchanged, context.Entry(category).State);
        Assert.Equal($"{category.Id},mine", shop.Look("SELECT Id, Name FROM Categories"));
        Assert.Equal(0, shop.Retries.Counted);

        // The context goes on.
        category.Name = "renamed";
        await context.SaveChangesAsync();
        Assert.Equal($"{category.Id},renamed", shop.Look("SELECT Id, Name FROM Categories"));
    }

    [Fact]
    public async Task A_commit_that_did_not_land_runs_again_once_it_never_can()
    {
        await using var shop = await Shop.OpenAsync();
        await using var context = shop.Context();
        var category = new Category { Name = "mine" };
        context.Add(category);
        shop.LoseNextSwap();
        var save = Task.Run(() => context.SaveChangesAsync());
        await WhileAwayAsync(shop, save);
        Assert.Equal(1, await save);
        Assert.Equal($"{category.Id},mine", shop.Look("SELECT Id, Name FROM Categories"));
        Assert.Equal(1, shop.Retries.Counted);
        Assert.Equal("1", shop.Look("SELECT count(*) FROM orleans_sqlite_operations WHERE id LIKE 'fence-%'"));
    }

    [Fact]
    public async Task A_commit_that_landed_and_was_passed_by_a_rival_is_found()
    {
        await using var shop = await Shop.OpenAsync();
        await using var context = shop.Context();
        var category = new Category { Name = "mine" };
        context.Add(category);
        shop.LoseAnswerOfNextSwap();
        var save = Task.Run(() => context.SaveChangesAsync());
        await WhileAwayAsync(shop, save, () => shop.Rival("UPDATE Categories SET Name = 'seen'; INSERT INTO Categories(Name) VALUES ('theirs')"));
        Assert.Equal(1, await save);
        Assert.Equal(1, category.Id);
        Assert.Equal("1,seen;2,theirs", shop.Look("SELECT Id, Name FROM Categories ORDER BY Id"));
    }

    [Fact]
    public async Task A_doubt_that_stays_is_told_and_nothing_runs_again()
    {
        await using var shop = await Shop.OpenAsync();
        await using var context = shop.Context();
        var category = new Category { Name = "mine" };
        context.Add(category);
        shop.LoseAnswerOfNextSwap();
        var error = await Assert.ThrowsAnyAsync<Exception>(() => context.SaveChangesAsync());
        var doubt = Assert.IsType<OrleansSqliteException>(error is DbUpdateException ? error.InnerException : error);
        Assert.False(doubt.OutcomeKnown);
        Assert.Equal(0, shop.Retries.Counted);
        Assert.Equal(EntityState.Added, context.Entry(category).State);
        shop.FindStore();
        Assert.Equal("1", shop.Look("SELECT count(*) FROM Categories"));

        // The next transaction has an id of its own: it is not taken for a repetition of the one in doubt.
        context.ChangeTracker.Clear();
        context.Add(new Category { Name = "another" });
        await context.SaveChangesAsync();
        Assert.Equal("2", shop.Look("SELECT count(*) FROM Categories"));
    }

    [Fact]
    public async Task An_operation_of_the_callers_takes_effect_once()
    {
        await using var shop = await Shop.OpenAsync();
        await using var here = shop.Context();
        await using var there = shop.ContextThere();
        foreach (var (context, repeated) in ((ShopContext, bool)[])[(here, false), (there, true)])
        {
            context.Add(new Category { Name = "ordered" });
            context.Database.UseOperationId("order-17");
            await context.SaveChangesAsync();
            Assert.Equal(repeated, context.Database.WasOperationRepeated());
        }

        Assert.Equal("1", shop.Look("SELECT count(*) FROM Categories"));
    }

    [Fact]
    public async Task A_transaction_that_changes_nothing_writes_nothing()
    {
        await using var shop = await Shop.OpenAsync();
        await using var context = shop.Context();
        string before = shop.Look("SELECT count(*) FROM orleans_sqlite_operations");
        long version = (await shop.There.Open(Shop.Name).DescribeAsync()).Version;
        await using (var transaction = await context.Database.BeginTransactionAsync())
        {
            Assert.Equal(0, await context.Products.CountAsync());
            await transaction.CommitAsync();
        }

        Assert.Equal(version, (await shop.There.Open(Shop.Name).DescribeAsync()).Version);
        Assert.Equal(before, shop.Look("SELECT count(*) FROM orleans_sqlite_operations"));
    }

    /// <summary>The store comes back some time after it was lost.</summary>
    private static async Task WhileAwayAsync(Shop shop, Task save, Action? meanwhile = null)
    {
        while (shop.Faults.ReadFailure is null && !save.IsCompleted)
        {
            await Task.Delay(5);
        }

        Assert.NotNull(shop.Faults.ReadFailure);
        meanwhile?.Invoke();
        await Task.Delay(300);
        Assert.False(save.IsCompleted, "It has answered although nobody could know.");
        shop.FindStore();
    }
}
