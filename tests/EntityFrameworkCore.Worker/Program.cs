using System.Globalization;
using Microsoft.EntityFrameworkCore;
using OrleansSqlite;
using OrleansSqlite.EntityFrameworkCore.Worker;
using OrleansSqlite.EntityFrameworkCore.Worker.Model;

// One of several processes that save to one database at the same time: STORE DATABASE ID COUNT. It creates what is missing, waits
// for a line of standard input, saves COUNT times, and prints "retries N", then a line for each order: its id and number of lines.
string store = args[0];
int id = int.Parse(args[2], CultureInfo.InvariantCulture);
int count = int.Parse(args[3], CultureInfo.InvariantCulture);
var retries = new RetryCounter();
var options = new DbContextOptionsBuilder<ShopContext>().UseOrleansSqlite(store, args[1]).LogTo(retries.Filter, retries.Count).Options;
try
{
    await using (var context = new ShopContext(options))
    {
        await context.Database.EnsureCreatedAsync();
    }

    Console.WriteLine("ready");
    await Console.In.ReadLineAsync();
    foreach (string line in await Saves.RunAsync(options, id, count))
    {
        Console.WriteLine(line);
    }

    Console.WriteLine($"retries {retries.Counted}");
    return 0;
}
finally
{
    await OrleansSqliteConnection.CloseStoresAsync();
}
