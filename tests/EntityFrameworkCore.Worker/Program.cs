using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using OrleansSqlite;
using OrleansSqlite.EntityFrameworkCore.Worker;
using OrleansSqlite.EntityFrameworkCore.Worker.Model;

// One of several processes that save to one database at the same time: STORE DATABASE ID COUNT. It migrates, waits for a
// line of standard input, saves COUNT times, and prints what each was told (Saves.cs), then "retries N".
string store = args[0];
int id = int.Parse(args[2], CultureInfo.InvariantCulture);
int count = int.Parse(args[3], CultureInfo.InvariantCulture);
var retries = new RetryCounter();
var options = new DbContextOptionsBuilder<ShopContext>()
    .UseOrleansSqlite(store, args[1])
    .LogTo(retries.Filter, retries.Count)
    .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning)) // Its migration is made from the model itself.
    .Options;
try
{
    await using (var context = new ShopContext(options))
    {
        await context.Database.MigrateAsync();
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
