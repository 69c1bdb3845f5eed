using OrleansSqlite.Simulation.Clock;
using OrleansSqlite.Simulation.Processes;
using OrleansSqlite.Simulation.Store;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Simulation;

/// <summary>What a herd came to, in the time of its world.</summary>
/// <param name="Latencies">How long each write took, sorted.</param>
/// <param name="Took">How long all of it took.</param>
/// <param name="Requests">The requests of all processes.</param>
/// <param name="Fewest">The fewest writes that one process got done, and the most.</param>
internal sealed record HerdResult(IReadOnlyList<TimeSpan> Latencies, TimeSpan Took, StoreCounts Requests, (int Least, int Most) Fewest)
{
    /// <summary>Writes a second.</summary>
    public double Rate => Latencies.Count / Took.TotalSeconds;

    /// <summary>The time that this part of the writes did not exceed.</summary>
    public TimeSpan Percentile(double part) => Latencies[(int)Math.Min(Latencies.Count - 1, part * Latencies.Count)];

    private double Each(long requests) => (double)requests / Latencies.Count;

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"{Latencies.Count} writes, {Rate:0}/s, p50 {Percentile(0.5).TotalMilliseconds:0} ms, p99 {Percentile(0.99).TotalMilliseconds:0} ms, slowest {Latencies[^1].TotalMilliseconds:0} ms, {Each(Requests.Requests):0.0} requests each ({Each(Requests.Swaps):0.00} swaps, {Each(Requests.Reads):0.00} reads, {Each(Requests.Writes):0.00} writes, {Each(Requests.Listings):0.00} lists, {Each(Requests.Deletes):0.00} deletes), {Fewest.Least} to {Fewest.Most} a process");
}

/// <summary>
/// Many processes with a writer each on one database, on a faultless store that takes fifteen swaps a second on one key: functions of a cloud, and
/// nothing else running. Its time is the world's, so what it measures is the protocol and not the machine.
/// </summary>
internal sealed class Herd
{
    private readonly World world = new();
    private readonly Bucket bucket;
    private readonly List<Instance> instances = [];
    private readonly List<TimeSpan> latencies = [];
    private readonly Dice dice;
    private readonly int writers;
    private readonly DatabaseOptions options;
    private readonly TimeSpan? length;
    private readonly bool closures;
    private StoreCounts before;
    private HerdResult? result;

    private Herd(ulong seed, int writers, bool combine, TimeSpan? length, bool closures)
    {
        dice = new Dice(seed);
        bucket = new Bucket(world, dice.Split()) { RefusesAtOnce = true };
        this.writers = writers;
        this.length = length;
        this.closures = closures;
        options = new DatabaseOptions
        {
            Threads = 1,
            ProbeStore = false,
            Combine = combine,
            PageCacheBytes = 1 << 20,
            RetryTime = TimeSpan.FromMinutes(10),
            RetryCount = 100_000,
        };
    }

    /// <summary>Runs one.</summary>
    /// <param name="seed">Decides all.</param>
    /// <param name="writers">How many processes.</param>
    /// <param name="combine">Whether they combine their commits.</param>
    /// <param name="length">For how long they write, one row after the other; null if each writes one row, all at once.</param>
    /// <param name="closures">Whether they write by closures and not by batches.</param>
    public static HerdResult Of(ulong seed, int writers, bool combine, TimeSpan? length, bool closures = false)
    {
        var herd = new Herd(seed, writers, combine, length, closures);
        herd.world.Run(herd.LiveAsync);
        return herd.result!;
    }

    private async Task LiveAsync()
    {
        var trace = new Trace(world, null);
        for (int i = 0; i < writers; i++)
        {
            instances.Add(new Instance(world, trace, bucket, new Weather(world, trace, dice.Split(), 0, false), $"i{i}", new Temper { Options = options }, dice.Split()));
        }

        await instances[0].Engine.CreateAsync(Instance.DatabaseName);
        await instances[0].Database.ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY, who, i)");
        await Task.WhenAll(instances.Select(static instance => instance.Database.DescribeAsync()));
        await world.DelayAsync(TimeSpan.FromSeconds(2));
        int[] done = length is { } time ? await SustainAsync(time) : await OnceAsync();
        var rows = await instances[0].Database.QueryAllAsync("SELECT count(*), count(DISTINCT who || '.' || i) FROM t");
        if (rows[0][0].AsInteger() != done.Sum() || rows[0][1].AsInteger() != done.Sum())
        {
            throw new InvalidOperationException($"{done.Sum()} writes were acknowledged, and {rows[0][0]} rows are there, {rows[0][1]} of them different.");
        }

        foreach (var instance in instances)
        {
            await instance.DisposeAsync();
        }
    }

    private async Task<int[]> OnceAsync()
    {
        before = Count();
        var began = world.Now;
        await Task.WhenAll(instances.Select((instance, who) => WriteAsync(instance, who, 0)));
        var took = world.Now - began;

        // The last requests of those who carried others' writes belong to the bill.
        await world.DelayAsync(TimeSpan.FromSeconds(5));
        Report(took, (1, 1));
        return [.. Enumerable.Repeat(1, writers)];
    }

    private async Task<int[]> SustainAsync(TimeSpan time)
    {
        int[] done = new int[writers];
        var end = world.Now + (time * 1.2);
        var all = Task.WhenAll(instances.Select(async (instance, who) =>
        {
            while (world.Now < end)
            {
                await WriteAsync(instance, who, done[who]);
                done[who]++;
            }
        }));

        // A sixth of the time to get going.
        await world.DelayAsync(time * 0.2);
        latencies.Clear();
        before = Count();
        int[] early = [.. done];
        var began = world.Now;
        await world.DelayAsync(time);
        int[] measured = [.. done.Zip(early, static (now, then) => now - then)];
        Report(world.Now - began, (measured.Min(), measured.Max()));
        await all;
        return done;
    }

    private async Task WriteAsync(Instance instance, int who, int i)
    {
        var began = world.Now;
        if (closures)
        {
            await instance.Database.WriteAsync(connection =>
            {
                connection.Run("INSERT INTO t(who, i) VALUES ($1, $2)", who, i);
                return i;
            });
        }
        else
        {
            await instance.Database.ExecuteAsync(new Statement("INSERT INTO t(who, i) VALUES (?, ?)", who, i));
        }

        latencies.Add(world.Now - began);
    }

    private void Report(TimeSpan took, (int Least, int Most) perProcess)
    {
        result = new HerdResult([.. latencies.Order()], took, Count() - before, perProcess);
    }

    /// <summary>Those of all: to subtract what is below zero by as much is to add.</summary>
    private StoreCounts Count() => instances.Aggregate(default(StoreCounts), static (sum, instance) => sum - (default(StoreCounts) - instance.Engine.Requests));
}
