using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using OrleansSqlite.EntityFrameworkCore.Worker.Model;

namespace OrleansSqlite.Tests.EntityFrameworkCore;

/// <summary>The same model on EF Core's own provider, in memory: the same SQL, and the same answers.</summary>
public sealed class QueryTests : IAsyncLifetime, IDisposable
{
    private static readonly JsonSerializerOptions WithTuples = new() { IncludeFields = true };

    private readonly SqliteConnection memory = new("Data Source=:memory:");
    private Shop shop = null!;

    /// <summary>Queries of many kinds. Each gives what can be compared.</summary>
    private static readonly Dictionary<string, Func<ShopContext, object>> Queries = new()
    {
        ["filter and order"] = context => context.Products.Where(p => p.Stock > 3 && p.Name.Contains('e')).OrderBy(p => p.Name).Select(p => p.Name).ToList(),
        ["include"] = context => context.Categories.Include(c => c.Products).ThenInclude(p => p.Tags).OrderBy(c => c.Id).AsEnumerable().Select(c => $"{c.Name}:{c.Products.Sum(p => p.Tags.Count)}").ToList(),
        ["split include"] = context => context.Orders.AsSplitQuery().Include(o => o.Lines).Include(o => o.Payments).OrderBy(o => o.Id).AsEnumerable().Select(o => $"{o.Lines.Count} {o.Payments.Count}").ToList(),
        ["join and group"] = context => context.Lines.Join(context.Products, l => l.ProductId, p => p.Id, (l, p) => new { p.CategoryId, l.Count }).GroupBy(x => x.CategoryId).Select(g => new { g.Key, Sum = g.Sum(x => x.Count) }).OrderBy(x => x.Key).ToList(),
        ["left join"] = context => context.Products.OrderBy(p => p.Id).Select(p => new { p.Name, Supplier = p.Supplier == null ? "none" : p.Supplier.Name }).ToList(),
        ["subquery"] = context => context.Products.Where(p => p.Reviews.Average(r => (double?)r.Stars) >= 4).Select(p => p.Name).ToList(),
        ["decimals"] = context => context.Products.Where(p => p.Price * 2 > 5.5m).OrderBy(p => p.Price).Select(p => p.Price % 2).ToList(),
        ["decimal aggregates"] = context => new { Sum = context.Products.Sum(p => p.Price), Max = context.Products.Max(p => p.Price), Average = context.Products.Average(p => p.Price) },
        ["regular expression"] = context => context.Products.Where(p => System.Text.RegularExpressions.Regex.IsMatch(p.Name, "^[a-m]")).Select(p => p.Name).Order().ToList(),
        ["hierarchy"] = context => context.Payments.OfType<CardPayment>().Select(p => p.LastDigits).ToList(),
        ["owned"] = context => context.Customers.Where(c => c.Home.City == "Bern").Select(c => c.Work!.Street).ToList(),
        ["JSON"] = context => context.Customers.Where(c => c.Preferences.Newsletter && c.Preferences.Channels.Any(x => x.Kind == "mail")).Select(c => new { c.Name, First = c.Preferences.Channels[0].Order }).ToList(),
        ["primitive collection"] = context => context.Products.Where(p => p.Aliases.Contains("chai")).Select(p => p.Name).ToList(),
        ["parameter collection"] = context => context.Products.Where(p => new[] { 1, 3 }.Contains(p.Id)).Select(p => p.Name).ToList(),
        ["dates and enums"] = context => context.Orders.Where(o => o.At.Year == 2026 && o.State == OrderState.Paid).Select(o => o.At.AddDays(1)).ToList(),
        ["set operations"] = context => context.Tags.Select(t => t.Id).Union(context.Categories.Select(c => c.Name)).Order().ToList(),
        ["paging"] = context => context.Products.OrderByDescending(p => p.Id).Skip(1).Take(2).Select(p => p.Id).ToList(),
        ["raw SQL"] = context => context.Products.FromSqlInterpolated($"SELECT * FROM Products WHERE Stock > {3}").Where(p => p.Id < 9).OrderBy(p => p.Id).Select(p => p.Name).ToList(),
        ["compiled"] = context => EF.CompileQuery((ShopContext one, int id) => one.Products.FirstOrDefault(p => p.Id == id))(context, 2)!.Name,
        ["find"] = context => context.Products.Find(3)!.Name,
        ["self reference"] = context => context.Categories.Where(c => c.Parent!.Name == "drinks").Select(c => c.Name).ToList(),
        ["update"] = context => (context.Products.Where(p => p.Stock < 5).ExecuteUpdate(set => set.SetProperty(p => p.Stock, p => p.Stock + 10)), context.Products.OrderBy(p => p.Id).Select(p => p.Stock).ToList()),
        ["delete"] = context => (context.Reviews.Where(r => r.Stars < 4).ExecuteDelete(), context.Reviews.Count()),
        ["statement"] = context => context.Database.ExecuteSql($"UPDATE Products SET Revision = Revision + {1}"),
    };

    public static TheoryData<string> Names => [.. Queries.Keys];

    public async Task InitializeAsync()
    {
        await memory.OpenAsync();
        shop = await Shop.OpenAsync();
        await using (var context = Plain(null))
        {
            await context.Database.EnsureCreatedAsync();
            await FillAsync(context);
        }

        await using (var context = shop.Context())
        {
            await FillAsync(context);
        }
    }

    public async Task DisposeAsync() => await shop.DisposeAsync();

    public void Dispose() => memory.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_query_is_the_same_and_answers_the_same(string name)
    {
        var (sqlHere, sqlThere) = (new SqlLog(), new SqlLog());
        await using var here = shop.Context(builder => builder.AddInterceptors(sqlHere));
        await using var there = Plain(sqlThere);
        Assert.Equal(Text(Queries[name](there)), Text(Queries[name](here)));
        Assert.NotEmpty(sqlThere.Seen);
        Assert.Equal(sqlThere.Seen, sqlHere.Seen);
    }

    [Fact]
    public async Task An_update_is_visible_elsewhere()
    {
        await using (var context = shop.Context())
        {
            Assert.Equal(1, await context.Products.Where(p => p.Name == "tea").ExecuteUpdateAsync(set => set.SetProperty(p => p.Stock, 77)));
        }

        Assert.Equal("77", shop.Look("SELECT Stock FROM Products WHERE Name = 'tea'"));
        await using var there = shop.ContextThere();
        Assert.Equal(77, (await there.Products.SingleAsync(p => p.Name == "tea")).Stock);
    }

    [Fact]
    public async Task Rows_come_while_they_are_read()
    {
        await using var context = shop.Context();
        int count = 0;
        await foreach (var product in context.Products.AsAsyncEnumerable())
        {
            count++;
        }

        Assert.Equal(3, count);
    }

    private ShopContext Plain(SqlLog? log)
    {
        var builder = new DbContextOptionsBuilder<ShopContext>().UseSqlite(memory);
        return new ShopContext((log is null ? builder : builder.AddInterceptors(log)).Options);
    }

    private static string Text(object value) => JsonSerializer.Serialize(value, WithTuples);

    private static async Task FillAsync(ShopContext context)
    {
        var drinks = new Category { Name = "drinks" };
        var hot = new Category { Name = "hot", Parent = drinks };
        var supplier = new Supplier { Name = "Lipton", Address = new Address { Street = "1 Quay", City = "Leith" } };
        var tea = new Product { Name = "tea", Price = 2.50m, Stock = 4, Category = hot, Supplier = supplier, Aliases = ["chai", "cha"] };
        var coffee = new Product { Name = "coffee", Price = 3.25m, Stock = 9, Category = hot };
        var milk = new Product { Name = "milk", Price = 1.10m, Stock = 2, Category = drinks };
        tea.Tags.AddRange([new Tag { Id = "green" }, new Tag { Id = "black" }]);
        tea.Reviews.AddRange([new Review { Stars = 5 }, new Review { Stars = 4, Text = "good" }]);
        coffee.Reviews.Add(new Review { Stars = 2 });
        context.AddRange(tea, coffee, milk);
        await context.SaveChangesAsync();
        var customer = new Customer
        {
            Id = new Guid("6f9619ff-8b86-d011-b42d-00c04fc964ff"),
            Name = "Ann",
            Since = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.FromHours(1)),
            Home = new Address { Street = "Gasse 1", City = "Bern" },
            Work = new Address { Street = "Platz 2", City = "Biel" },
            Preferences = new Preferences { Newsletter = true, Channels = [new Channel { Kind = "mail", Order = 3 }, new Channel { Kind = "post", Order = 1 }] },
        };
        var order = new Order { At = new DateTime(2026, 5, 4, 3, 2, 1), State = OrderState.Paid, Customer = customer, Invoice = new Invoice { Number = "R1" } };
        order.Lines.AddRange([new OrderLine { Number = 1, Product = tea, Count = 2, Price = 5 }, new OrderLine { Number = 2, Product = milk, Count = 1, Price = 1.1m }]);
        order.Payments.AddRange([new CardPayment { Amount = 5, LastDigits = "4711" }, new CashPayment { Amount = 1.1m, Given = 2 }]);
        context.Add(order);
        await context.SaveChangesAsync();
    }

    /// <summary>The SQL that went by: interceptors see it on both sides.</summary>
    private sealed class SqlLog : DbCommandInterceptor
    {
        public List<string> Seen { get; } = [];

        public override InterceptionResult<System.Data.Common.DbDataReader> ReaderExecuting(
            System.Data.Common.DbCommand command, CommandEventData eventData, InterceptionResult<System.Data.Common.DbDataReader> result)
        {
            Seen.Add(command.CommandText);
            return result;
        }

        public override InterceptionResult<int> NonQueryExecuting(System.Data.Common.DbCommand command, CommandEventData eventData, InterceptionResult<int> result)
        {
            Seen.Add(command.CommandText);
            return result;
        }
    }
}
