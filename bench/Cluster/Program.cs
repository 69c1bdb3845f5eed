using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;
using OrleansSqlite;
using OrleansSqlite.Bench;
using OrleansSqlite.Client;
using OrleansSqlite.Grains;
using OrleansSqlite.Stores;

// What a grain costs: single-row inserts by 256 callers into one database, over a store as slow as S3, through the same engine directly,
// through its grain from the same silo, and through its grain from a client of the cluster. In rounds, one after the other, so that whatever
// else the machine does meets all of them.
const int CallersAtOnce = 256;
const ulong Seed = 20261123;
int rounds = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 5;
var length = TimeSpan.FromSeconds(4);

var store = new ModelledStore(new MemoryStore(), new Entropy(Seed));
var builder = new InProcessTestClusterBuilder(1);
builder.Options.ConfigureFileLogging = false;
builder.ConfigureSilo((_, silo) =>
{
    silo.AddMemoryGrainStorage(OrleansSqliteSiloExtensions.GrainStorage);
    silo.AddOrleansSqlite((_, cancellation) => DatabaseEngine.OpenAsync(store, new DatabaseOptions { ProbeStore = false }, cancellation: cancellation));
    silo.Services.AddOrleansSqliteClient();
});
builder.ConfigureClientHost(client => client.Services.AddOrleansSqliteClient());
await using var cluster = builder.Build();
await cluster.DeployAsync();
var inSilo = cluster.GetSiloServiceProvider();
var engine = inSilo.GetRequiredService<DatabaseEngine>();

(string Name, Func<string, Func<long, Task>> Call)[] ways =
[
    ("engine", name => Insert(engine.Open(name), withId: false)),
    ("engine, with operation ids", name => Insert(engine.Open(name), withId: true)),
    ("grain, from its silo", name => Insert(inSilo.GetRequiredService<IDatabaseCatalog>().Get(name), withId: true)),
    ("grain, from a client", name => Insert(cluster.Client.ServiceProvider.GetRequiredService<IDatabaseCatalog>().Get(name), withId: true)),
    ("ping, from a client", name => _ => cluster.Client.GetGrain<IDatabaseGrain>(name).StatusAsync()),
];
var rates = ways.ToDictionary(way => way.Name, _ => new List<double>());
var cpus = ways.ToDictionary(way => way.Name, _ => new List<double>());
for (int round = 0; round < rounds; round++)
{
    foreach (var (way, call) in ways)
    {
        string name = $"bench-{round}-{Array.FindIndex(ways, candidate => candidate.Name == way)}";
        await engine.CreateAsync(name);
        await engine.Open(name).ExecuteAsync(Inserts.Table);
        var cpu = TimeSpan.Zero;
        var (latencies, time) = await Callers.RunAsync(CallersAtOnce, length, call(name), () => cpu = Environment.CpuUsage.TotalTime);
        cpus[way].Add((Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / latencies.Count);
        rates[way].Add(latencies.Count / time.TotalSeconds);
        if (!way.StartsWith("ping", StringComparison.Ordinal))
        {
            await Inserts.CheckAsync(engine.Open(name));
        }
    }
}

var table = new Table("cluster");
double direct = Median(rates["engine, with operation ids"]);
foreach (var (way, _) in ways)
{
    table.Add(way, ("calls/s", Median(rates[way])), ("of the engine's with ids", Median(rates[way]) / direct), ("CPU µs/call", Median(cpus[way])));
}

await Console.Out.WriteLineAsync(table.ToText());

static Func<long, Task> Insert(IDatabase database, bool withId) => number =>
    database.ExecuteAsync(withId ? Inserts.Row(number) with { OperationId = number.ToString(System.Globalization.CultureInfo.InvariantCulture) } : Inserts.Row(number));

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
