using OrleansSqlite.Commit;
using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Clock;
using OrleansSqlite.Simulation.Processes;
using OrleansSqlite.Simulation.Store;
using OrleansSqlite.Simulation.Workloads;

namespace OrleansSqlite.Simulation;

/// <summary>What a run came to.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Plan">What it was like.</param>
/// <param name="Hash">The hash of its trace.</param>
/// <param name="Lines">The number of things that happened.</param>
/// <param name="Commits">How many commits landed.</param>
/// <param name="Writes">How the writes ended.</param>
/// <param name="Reads">How many reads were answered.</param>
/// <param name="Crashes">Where processes crashed at a named point.</param>
/// <param name="Time">How long it took in its own time.</param>
/// <param name="LongestWait">The longest that a write took.</param>
/// <param name="Failure">What was wrong, if something was.</param>
internal sealed record Result(
    ulong Seed,
    string Plan,
    string Hash,
    int Lines,
    long Commits,
    IReadOnlyDictionary<Ended, int> Writes,
    int Reads,
    IReadOnlyDictionary<CommitPoint, int> Crashes,
    TimeSpan Time,
    TimeSpan LongestWait,
    Exception? Failure);

/// <summary>One run: processes that work on one database until it has had enough commits, and what must hold then.</summary>
internal sealed class Run
{
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestEnd = TimeSpan.FromMinutes(15);
    private readonly World world = new();
    private readonly Trace trace;
    private readonly Dice dice;
    private readonly Plan plan;
    private readonly Scene scene;
    private readonly Weather weather;
    private readonly Bucket bucket;
    private readonly HeadWatch heads;
    private readonly Dictionary<CommitPoint, int> crashes = [];
    private readonly List<Instance> everyone = [];
    private readonly Lists lists = new();
    private readonly Workload[] workloads;

    private int instances;

    private Run(ulong seed, TextWriter? text)
    {
        workloads = [new Transfers(), lists, new Counters(), new Numbers(), new Claims(), new Bookings(), new JointAccounts(), new Schemas(), new Bulk(), null!];
        trace = new Trace(world, text);
        dice = new Dice(seed);
        plan = Plan.For(dice.Split(), workloads.Length);
        scene = new Scene(world, trace) { MayBeDamaged = plan.Damages, Patience = plan.Patience, Restores = plan.Restores, MayGiveUp = plan.Severity > 0 || plan.PauseChance > 0 };
        weather = new Weather(world, trace, dice.Split(), plan.Severity, plan.Damages);
        bucket = new Bucket(world, dice.Split()) { ConflictChance = plan.ConflictChance };
        var annals = new Annals(bucket);
        var lineage = new Lineage(annals);
        workloads[^1] = new Upkeep(annals, bucket, lineage);
        heads = new HeadWatch(bucket, annals, lineage, new Format.DatabaseKeys(Instance.DatabaseName).Head);
        bucket.Swapped = heads.Look;
    }

    /// <summary>What the run of a seed is like.</summary>
    /// <param name="seed">The seed.</param>
    public static string PlanOf(ulong seed) => new Run(seed, null).plan.Name;

    /// <summary>Runs one seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="text">Where the trace goes, if anywhere.</param>
    public static Result Of(ulong seed, TextWriter? text = null)
    {
        var run = new Run(seed, text);
        Exception? failure = null;
        try
        {
            run.world.Run(run.LiveAsync);
        }
        catch (Exception e)
        {
            failure = e;
        }

        failure = run.scene.Failure ?? failure;
        return new Result(
            seed,
            run.plan.Name,
            run.trace.Hash,
            run.trace.Lines,
            run.heads.Commits,
            run.scene.Writes.CountBy(write => write.Ended).ToDictionary(),
            run.scene.Reads,
            run.crashes,
            run.world.Now,
            run.scene.LongestWait,
            failure);
    }

    private async Task LiveAsync()
    {
        trace.Add("run", $"{plan.Name}, callers {string.Join("+", plan.Callers)}");
        await FoundAsync();
        _ = weather.ChangeAsync();
        Task[] places = [.. plan.Callers.Select((callers, place) => InhabitAsync(place, callers, dice.Split()))];
        while (!scene.IsOver && heads.Commits < plan.Commits && world.Now < LongestRun && heads.Problem is null)
        {
            await world.DelayAsync(TimeSpan.FromMilliseconds(100));
        }

        await EndAsync(places);
        if (scene.Failure is null)
        {
            await CheckAsync();
        }

        // Whoever died, be it after its callers had come to their end: the memory of a long series of runs depends on it.
        foreach (var instance in everyone.Where(static one => one.IsDead))
        {
            await instance.BuryAsync();
        }
    }

    /// <summary>The database, with its schema, made in good weather.</summary>
    private async Task FoundAsync()
    {
        var founder = new Instance(world, trace, bucket, new Weather(world, trace, dice.Split(), 0, false), "i0", new Temper { Options = plan.Options }, dice.Split());
        await founder.Engine.CreateAsync(Instance.DatabaseName);
        string[] schema = [WriteCheck.Table, .. workloads.SelectMany(workload => workload.Schema)];
        await founder.Database.ExecuteAsync(new Batch([.. schema.Select(sql => new Statement(sql))]));
        await founder.Database.SetRetentionAsync(TimeSpan.Zero);
        await founder.DisposeAsync();
    }

    /// <summary>One process after the other, in the same place, until the run is over.</summary>
    private async Task InhabitAsync(int place, int callers, Dice own)
    {
        while (!scene.IsOver)
        {
            var instance = new Instance(world, trace, bucket, weather, $"i{place + 1}.{++instances}", plan.Temper(Crashed), own.Split());
            trace.Add(instance.Name, "begins");
            scene.Living.Add(instance);
            everyone.Add(instance);
            var work = Task.WhenAll(Enumerable.Range(0, callers).Select(caller => WorkAsync(instance, $"c{place + 1}{(char)('a' + caller)}", own.Split())));
            if (plan.Life is { } life)
            {
                world.After(own.UpTo(life * 2), () => instance.Crash("anywhere"));
                if (own.Chance(0.3))
                {
                    world.After(own.UpTo(life * 2), () => _ = LeaveAsync(instance));
                }
            }

            await Task.WhenAny(work, instance.Died);
            if (instance.IsDead)
            {
                scene.Living.Remove(instance);
            }
            else
            {
                await work;
            }

            await world.DelayAsync(own.UpTo(TimeSpan.FromSeconds(1)));
        }
    }

    private async Task LeaveAsync(Instance instance)
    {
        if (!instance.IsDead && !scene.IsOver && scene.Living.Count > 1 && scene.Living.Remove(instance))
        {
            await GuardAsync(() => instance.DisposeAsync().AsTask());
        }
    }

    private async Task WorkAsync(Instance instance, string name, Dice own)
    {
        var caller = new Caller(scene, instance, name, own);
        bool onlyReads = own.Chance(plan.ReaderShare);
        await instance.DelayAsync(own.UpTo(TimeSpan.FromMilliseconds(100)));
        while (caller.GoesOn)
        {
            await GuardAsync(async () =>
            {
                await (own.Chance(0.01) ? caller.ListAsync() : onlyReads ? lists.ReadAsync(caller) : workloads[own.Weighted(plan.Weights)].StepAsync(caller));
                await instance.DelayAsync(own.Around(plan.Thinking * (onlyReads ? 4 : 1), 1));
            });
        }
    }

    private void Crashed(CommitPoint point) => crashes[point] = crashes.GetValueOrDefault(point) + 1;

    /// <summary>Nothing new is begun; what is under way comes to its end, and what is late arrives.</summary>
    private async Task EndAsync(Task[] places)
    {
        scene.IsOver = true;
        weather.Calm();
        trace.Add("run", "is over");
        var ended = Task.WhenAll(places);
        await Task.WhenAny(ended, world.DelayAsync(LongestEnd));

        // What is late arrives, and who was asked by others answers.
        await world.DelayAsync(TimeSpan.FromMinutes(5));
        string[] open = [.. scene.Writes.SelectMany(write => write.WaitsFor.Select(name => $"{name} for {write}"))];
        if (open.Length > 0 || !ended.IsCompleted)
        {
            scene.Fail(new CheckFailedException($"After {LongestEnd.TotalMinutes} minutes of calm there are callers who still wait, {open.Length} of them for a write: {string.Join(", ", open.Take(3))}."));
        }
    }

    private async Task CheckAsync() => await GuardAsync(async () =>
    {
        heads.Require();
        var instance = new Instance(world, trace, bucket, weather, "w", new Temper { Options = plan.Options }, dice.Split());
        var witness = new Witness(instance, scene);
        string integrity = (await witness.RowsAsync("PRAGMA integrity_check"))[0][0].AsText();
        var there = (await witness.RowsAsync("SELECT marker FROM done")).Select(row => row[0].AsText()).ToArray();
        if ((integrity == "ok" ? null : integrity) is { } damage)
        {
            throw new CheckFailedException($"PRAGMA integrity_check: {damage}.");
        }

        if (WriteCheck.Problems(scene.Writes, there, heads.Descent()).FirstOrDefault() is { } problem)
        {
            throw new CheckFailedException($"{problem}.");
        }

        foreach (var workload in workloads)
        {
            await workload.CheckAsync(witness);
        }

        var expected = await instance.PagesAsync();
        if (expected.Version != heads.Commits || scene.Knowledge.Newest > expected.Version)
        {
            throw new CheckFailedException($"The newest version is {expected.Version}; {heads.Commits} commits have landed, and somebody was told of {scene.Knowledge.Newest}.");
        }

        foreach (var other in scene.Living.Where(one => !one.IsDead))
        {
            var found = await other.PagesAsync();
            if (found != expected)
            {
                throw new CheckFailedException($"{other.Name} sees {found}, and {instance.Name} {expected}.");
            }

            await other.DisposeAsync();
        }

        await instance.DisposeAsync();
        trace.Add("run", $"ends at {expected}");
    });

    private async Task GuardAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            scene.Fail(e is CheckFailedException ? e : new CheckFailedException($"{e}"));
        }
    }
}
