using OrleansSqlite.Commit;
using OrleansSqlite.Pages;
using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Clock;
using OrleansSqlite.Simulation.Store;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Simulation.Processes;

/// <summary>
/// One process: an engine with its way to the store, its clock and its thread. It may crash at any named point or at any moment, stand
/// still for any time, or end in good order.
/// </summary>
internal sealed class Instance : IAsyncDisposable
{
    /// <summary>The name of the one database.</summary>
    public const string DatabaseName = "app";

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(4);
    private readonly World world;
    private readonly Trace trace;
    private readonly Dice dice;
    private readonly Temper temper;
    private readonly DatabaseEngine engine;
    private readonly S3Connection connection;
    private readonly SimulatedThreads threads;
    private readonly TaskCompletionSource afterlife = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Action> limbo = [];
    private readonly List<Segment> kept = [];
    private readonly List<EngineDatabase> opened = [];
    private TimeSpan pausedUntil;
    private bool isBuried;

    public Instance(World world, Trace trace, Bucket bucket, Weather weather, string name, Temper temper, Dice dice)
    {
        this.world = world;
        this.trace = trace;
        this.temper = temper;
        this.dice = dice;
        Name = name;
        Clock = new InstanceClock(world, this, temper.Drifts ? dice.Between(0.97, 1.03) : 1);
        Clock.Offset = temper.Drifts ? TimeSpan.FromSeconds(dice.Between(-7200.0, 7200)) : TimeSpan.Zero;
        connection = new S3Connection(new Link(world, trace, weather, this, dice.Split()), bucket);
        threads = new SimulatedThreads(this, dice.Split());
        engine = new DatabaseEngine(connection, temper.Options, null, Clock, new Entropy(dice.NextSeed()), threads)
        {
            AtPoint = PassAsync,
            Times = temper.Times,
            ContextMade = context =>
            {
                context.Segments.Wait = threads.Wait;
                context.Segments.Made = kept.Add;
            },
        };
    }

    /// <summary>Its name in the trace.</summary>
    public string Name { get; }

    /// <summary>Its clock.</summary>
    public InstanceClock Clock { get; }

    /// <summary>Whether it has crashed. Nobody hears of it any more.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Whether it was ended in good order.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Done when it crashes.</summary>
    public Task Died => died.Task;

    /// <summary>The engine.</summary>
    public DatabaseEngine Engine => engine;

    /// <summary>The database, as a caller gets it from the engine.</summary>
    public EngineDatabase Database => Open(DatabaseName);

    /// <summary>Another database, likewise.</summary>
    public EngineDatabase Open(string name)
    {
        var database = engine.Open(name);
        if (!opened.Contains(database))
        {
            opened.Add(database);
        }

        return database;
    }

    /// <summary>Lets something happen in this process: not while it stands still, and never if it is dead.</summary>
    public void After(TimeSpan delay, Action happens) => world.After(delay, () => Deliver(happens));

    /// <summary>Done after that time, by its own clock.</summary>
    public Task DelayAsync(TimeSpan delay) => Task.Delay(delay, Clock);

    /// <summary>Called by work on its thread: takes that long, and the rest of the process goes on.</summary>
    public void Work(TimeSpan time) => threads.Wait(ValuedAsync(DelayAsync(time)));

    /// <summary>Everything in it stands still for a while: a virtual machine that is moved, a function that is frozen.</summary>
    public void Pause(TimeSpan time)
    {
        if (!IsDead && !IsEnded)
        {
            trace.Add(Name, $"stands still for {time.TotalSeconds:0.000} s");
            var until = world.Now + time;
            pausedUntil = until > pausedUntil ? until : pausedUntil;
        }
    }

    /// <summary>It is gone, in the midst of whatever it did.</summary>
    public void Crash(string where)
    {
        if (!IsDead && !IsEnded)
        {
            trace.Add(Name, $"crashes {where}");
            IsDead = true;
            died.SetResult();
        }
    }

    /// <summary>Ends it in good order.</summary>
    public async ValueTask DisposeAsync()
    {
        IsEnded = true;
        trace.Add(Name, "ends");
        await engine.DisposeAsync();
        trace.Add(Name, "has ended");
        await NothingHeldAsync();
    }

    /// <summary>
    /// After the run: lets what stood still in a dead process come to its end, on a store that refuses everything, so that its memory comes
    /// back. Whatever state a process died in, its engine can be closed.
    /// </summary>
    public async Task BuryAsync()
    {
        isBuried = true;
        connection.Close();
        afterlife.SetException(new StoreException(StoreFailure.Denied, connection.Url, null, "The process has died."));
        _ = afterlife.Task.Exception;
        foreach (var happens in limbo)
        {
            world.After(TimeSpan.Zero, happens);
        }

        limbo.Clear();
        await engine.DisposeAsync();
        await NothingHeldAsync();
    }

    /// <summary>A hash over all pages of a version, the newest if nothing else is said, and that version.</summary>
    public async Task<(long Version, string Hash)> PagesAsync(string name = DatabaseName, ReadLevel level = default)
    {
        var head = await Open(name).PinAsync(level, CancellationToken.None);
        try
        {
            return await threads.RunAsync(() => (head.Version, PageHash.Of(head.Snapshot)));
        }
        catch (StoreException e)
        {
            throw Errors.FromStore(name, e);
        }
        finally
        {
            head.Snapshot.Release();
        }
    }

    /// <summary>Readers that were under way let their snapshots go when they end; then nothing may be left.</summary>
    private async Task NothingHeldAsync()
    {
        for (int second = 0; opened.Exists(static database => database.Context.Snapshots.Held != 0); second++)
        {
            if (second == 300)
            {
                throw new CheckFailedException($"{Name} has ended, and still holds {opened.Sum(static database => database.Context.Snapshots.Held)} snapshots.");
            }

            await world.DelayAsync(TimeSpan.FromSeconds(1));
        }
    }

    private static async Task<bool> ValuedAsync(Task task)
    {
        await task;
        return true;
    }

    private void Deliver(Action happens)
    {
        if (IsDead && !isBuried)
        {
            limbo.Add(happens);
        }
        else if (world.Now < pausedUntil && !isBuried)
        {
            // What has piled up comes in any order.
            world.After(pausedUntil - world.Now + dice.UpTo(TimeSpan.FromMilliseconds(1)), () => Deliver(happens));
        }
        else
        {
            happens();
        }
    }

    /// <summary>A named point of the commit path: it may die here, or be held up before it goes on.</summary>
    private async ValueTask PassAsync(CommitPoint point)
    {
        if (isBuried)
        {
            return;
        }

        trace.Add(Name, $"at {point}");
        if (!IsEnded && dice.Chance(temper.CrashChance))
        {
            Crash($"at {point}");
            temper.Crashed(point);
            await afterlife.Task;
        }

        if (dice.Chance(temper.PauseChance))
        {
            Pause(Held());
            await DelayAsync(TimeSpan.Zero);
        }

        if (dice.Chance(temper.StallChance))
        {
            // Only this step is held up; the rest of the process goes on.
            var stall = Held();
            trace.Add(Name, $"is held up at {point} for {stall.TotalSeconds:0.000} s");
            await DelayAsync(stall);
        }
    }

    /// <summary>How long it is held: any time, and at most some minutes, for a run must come to its end.</summary>
    private TimeSpan Held()
    {
        var time = dice.Around(temper.MedianPause, 1.2);
        return time < LongestPause ? time : LongestPause;
    }
}
