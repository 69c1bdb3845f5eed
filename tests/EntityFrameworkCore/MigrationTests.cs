using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using OrleansSqlite.EntityFrameworkCore.Worker.Model;
using OrleansSqlite.Tests.Regressions;

namespace OrleansSqlite.Tests.EntityFrameworkCore;

/// <summary>Migrations are one commit, and need no lock.</summary>
public sealed class MigrationTests
{
    private const string Migrations = "SELECT substr(MigrationId, 16) FROM __EFMigrationsHistory ORDER BY 1";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task All_of_them_are_one_commit(bool async)
    {
        await using var shop = await Shop.OpenAsync(create: false);
        await using var context = new Sized(shop.OptionsFor<Sized>());
        await MigrateAsync(context, null, async);
        Assert.Equal("First;Second;Third", shop.Look(Migrations));
        Assert.Equal(1, (await shop.There.Open(Shop.Name).DescribeAsync()).Version);
        Assert.Equal("0", shop.Look("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%Lock%'"));
        Assert.Equal("1", Assert.Single(await context.Database.SqlQueryRaw<string>("SELECT \"notnull\" AS Value FROM pragma_table_info('Parents') WHERE name = 'Name'").ToListAsync()));

        // There is nothing left to do, and nothing is written.
        await MigrateAsync(context, null, async);
        Assert.Equal(1, (await shop.There.Open(Shop.Name).DescribeAsync()).Version);
        Assert.Empty(await context.Database.GetPendingMigrationsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_table_is_rebuilt_without_a_row_of_those_that_refer_to_it(bool async)
    {
        await using var shop = await Shop.OpenAsync(create: false);
        await using var context = new Sized(shop.OptionsFor<Sized>());
        await MigrateAsync(context, Sized.First, async);
        shop.Rival("INSERT INTO Parents VALUES (1, 'one', 1), (2, 'two', 1); INSERT INTO Children VALUES (11, 1), (12, 2)");
        await MigrateAsync(context, Sized.Second, async);
        Assert.Equal("First;Second", shop.Look(Migrations));
        Assert.Equal("11,one;12,two", shop.Look("SELECT c.Id, p.Name FROM Children c JOIN Parents p ON p.Id = c.ParentId ORDER BY 1"));

        // Back again, over a column that goes.
        await MigrateAsync(context, Sized.Third, async);
        await MigrateAsync(context, Sized.First, async);
        Assert.Equal("First", shop.Look(Migrations));
        Assert.Equal("2,2", shop.Look("SELECT (SELECT count(*) FROM Children), (SELECT count(*) FROM Parents)"));

        // Foreign keys hold again, in both directions.
        await context.Database.OpenConnectionAsync();
        await MigrateAsync(context, Sized.Second, async);
        await Assert.ThrowsAnyAsync<Exception>(() => context.Database.ExecuteSqlRawAsync("INSERT INTO Children VALUES (13, 99)"));
        await context.Database.ExecuteSqlRawAsync("DELETE FROM Sorts");
        Assert.Equal("0,0", shop.Look("SELECT (SELECT count(*) FROM Children), (SELECT count(*) FROM Parents)"));
        await MigrateAsync(context, Migration.InitialDatabase, async);
        Assert.Equal("", shop.Look(Migrations));
    }

    [Fact]
    public async Task A_whole_model_is_migrated_there_and_back()
    {
        await using var shop = await Shop.OpenAsync();
        string created = shop.Look("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'orleans%' AND name NOT LIKE 'sqlite%' ORDER BY name");
        var options = new DbContextOptionsBuilder<ShopContext>()
            .UseOrleansSqlite(shop.Here, "migrated")
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning))
            .Options;
        await using var context = new ShopContext(options);
        await context.Database.MigrateAsync();
        Assert.Equal(created, await SchemaAsync());
        await context.Database.MigrateAsync(Migration.InitialDatabase);
        Assert.Equal("", await SchemaAsync());

        async Task<string> SchemaAsync() => string.Join(';', (await shop.There.Open("migrated")
            .QueryAllAsync("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'orleans%' AND name NOT LIKE 'sqlite%' AND tbl_name NOT LIKE '__EF%' ORDER BY name")).Select(row => string.Join(',', row)));
    }

    [Fact]
    public async Task What_would_refer_to_nothing_is_not_committed()
    {
        await using var shop = await Shop.OpenAsync(create: false);
        await using var context = new Sized(shop.OptionsFor<Sized>());
        await context.Database.MigrateAsync(Sized.First);
        await using (var connection = OrleansSqliteDataSource.Create(shop.There, $"Data Source={Shop.Name};Foreign Keys=False").OpenConnection())
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "INSERT INTO Children VALUES (11, 99)";
            await command.ExecuteNonQueryAsync();
        }

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => context.Database.MigrateAsync());
        Assert.Contains("'Children' would refer to a row of 'Parents'", error.Message, StringComparison.Ordinal);
        Assert.Equal("First", shop.Look(Migrations));
    }

    [Fact]
    public async Task Several_instances_may_start_at_once()
    {
        await using var shop = await Shop.OpenAsync(create: false);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            await using var context = new Sized(shop.OptionsFor<Sized>(i % 2 == 0 ? shop.Here : shop.There));
            await MigrateAsync(context, null, async: i % 4 < 2);
            Assert.Equal(0, await context.Parents.CountAsync());
        })));
        Assert.Equal("First;Second;Third", shop.Look(Migrations));
        Assert.Equal("ok", shop.Look("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task One_that_dies_half_way_leaves_nothing()
    {
        await using var shop = await Shop.OpenAsync(create: false);
        await shop.Here.CreateAsync(Shop.Name);
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var death = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shop.Faults.BeforeNextSwap = () =>
        {
            reached.SetResult();
            return death.Task;
        };
        await using var dying = new Sized(shop.OptionsFor<Sized>());
        var migration = Task.Run(() => dying.Database.MigrateAsync());
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal("0", shop.Look("SELECT count(*) FROM sqlite_schema"));

        await using var context = new Sized(shop.OptionsFor<Sized>(shop.There));
        await context.Database.MigrateAsync();
        Assert.Equal("First;Second;Third", shop.Look(Migrations));

        // Had it only slept, it would find everything done.
        death.SetException(FaultStore.Lost());
        await migration;
        Assert.Equal("First;Second;Third", shop.Look(Migrations));
    }

    [Fact]
    public async Task A_rebuild_within_a_transaction_is_refused_before_it_harms()
    {
        await using var shop = await Shop.OpenAsync(create: false);
        await using var context = new Sized(shop.OptionsFor<Sized>());
        await context.Database.MigrateAsync(Sized.First);
        await using var transaction = await context.Database.BeginTransactionAsync();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => context.Database.MigrateAsync());
        Assert.Contains("Migrate outside of a transaction", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_keeps_what_SQLite_needs_elsewhere()
    {
        await using var shop = await Shop.OpenAsync(create: false);
        await using var context = new Sized(shop.OptionsFor<Sized>());
        string script = context.GetService<IMigrator>().GenerateScript();
        Assert.Contains("PRAGMA foreign_keys = 0", script, StringComparison.Ordinal);
    }

    private static async Task MigrateAsync(Sized context, string? target, bool async)
    {
        if (async)
        {
            await context.Database.MigrateAsync(target);
        }
        else
        {
            context.GetService<IMigrator>().Migrate(target);
        }
    }
}
