using Microsoft.EntityFrameworkCore;
using OrleansSqlite.EntityFrameworkCore.Worker.Model;

namespace OrleansSqlite.EntityFrameworkCore.Worker;

/// <summary>Inserts and updates as an application makes them, each SaveChanges on a context of its own.</summary>
internal static class Saves
{
    /// <summary>The counter that everybody counts up.</summary>
    public const string Shared = "shared";

    /// <summary>Saves so often. Gives for each insert "order ID NUMBER", as the context was told, and for each update "counted".</summary>
    public static async Task<List<string>> RunAsync(DbContextOptions<ShopContext> options, int writer, int count)
    {
        List<string> told = [];
        for (int i = 0; i < count; i++)
        {
            await using var context = new ShopContext(options);
            if (i % 2 == 0)
            {
                // A graph: the customer, the order with its generated key, lines that refer to it, a payment with a key of its own.
                var order = new Order
                {
                    At = DateTime.UnixEpoch.AddSeconds(i),
                    Customer = new Customer { Name = $"writer {writer}", Home = new Address { Street = $"{i}", City = "Bern" } },
                    Payments = { new CardPayment { Amount = i, LastDigits = "4711" } },
                    Invoice = new Invoice { Number = $"{writer}-{i}" },
                };
                context.Add(order);
                await context.SaveChangesAsync();
                told.Add($"order {order.Id} {order.Invoice.Id} {order.Payments[0].Id} {writer}-{i}");
            }
            else
            {
                // Look, then write, as a unit: what was seen has changed, if somebody else was first, and the unit runs again.
                var strategy = context.Database.CreateExecutionStrategy();
                await strategy.ExecuteAsync(async () =>
                {
                    context.ChangeTracker.Clear();
                    await using var transaction = await context.Database.BeginTransactionAsync();
                    var counter = await context.Counters.SingleAsync(one => one.Id == Shared);
                    counter.Value++;
                    await context.SaveChangesAsync();
                    await transaction.CommitAsync();
                });
                told.Add("counted");
            }
        }

        return told;
    }
}
