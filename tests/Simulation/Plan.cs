using OrleansSqlite.Simulation.Clock;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation;

/// <summary>What one run is like. The seed decides it.</summary>
internal sealed record Plan
{
    /// <summary>What goes wrong.</summary>
    public required string Name { get; init; }

    /// <summary>How many callers each process has: one is a plain library writer, many are what a grain has.</summary>
    public required IReadOnlyList<int> Callers { get; init; }

    /// <summary>The chance that a caller only reads.</summary>
    public double ReaderShare { get; init; }

    /// <summary>How often each kind of work is done.</summary>
    public required IReadOnlyList<double> Weights { get; init; }

    /// <summary>How bad the network and the store are: 0 is faultless, 1 is bad.</summary>
    public double Severity { get; init; }

    /// <summary>Whether bodies come damaged.</summary>
    public bool Damages { get; init; }

    /// <summary>The chance that a conditional write that meets another one is answered 409.</summary>
    public double ConflictChance { get; init; }

    /// <summary>The chance of a crash at each named point.</summary>
    public double CrashChance { get; init; }

    /// <summary>How long a process lives on average until it crashes anywhere, or is ended in good order; null if neither happens.</summary>
    public TimeSpan? Life { get; init; }

    /// <summary>The chance at each named point that a process stands still, or that the step is held up.</summary>
    public double PauseChance { get; init; }

    /// <summary>How long that takes, in the middle.</summary>
    public TimeSpan MedianPause { get; init; }

    /// <summary>Whether clocks are wrong.</summary>
    public bool Drifts { get; init; }

    /// <summary>How long callers think between two calls, in the middle.</summary>
    public TimeSpan Thinking { get; init; }

    /// <summary>The commits after which nothing new is begun.</summary>
    public required int Commits { get; init; }

    /// <summary>Whether the database goes back to earlier versions in the midst of it all.</summary>
    public bool Restores { get; init; }

    /// <summary>The engine's settings.</summary>
    public required DatabaseOptions Options { get; init; }

    /// <summary>How long versions are kept at least. In minutes of a run little would ever be old enough.</summary>
    public TimeSpan Retention { get; init; }

    /// <summary>The longest that a write may take. Where processes stand still for any time there is no bound but that all end.</summary>
    public TimeSpan Patience => PauseChance > 0 ? TimeSpan.MaxValue : Severity > 0 ? TimeSpan.FromMinutes(8) : TimeSpan.FromSeconds(30);

    /// <summary>The plan for a seed.</summary>
    public static Plan For(Dice dice, int kinds)
    {
        string name = dice.Pick(Names);
        bool isRough = name is "rough" or "everything";
        bool isHerd = name is "herd" or "restores";
        return new Plan
        {
            Name = name,
            Callers = Crowd(dice, name),
            ReaderShare = name is "saturated" or "restores" ? 0 : dice.Pick([0, 0.1, 0.3]),
            Restores = name == "restores",
            Weights = name == "restores" ? Workloads.Workload.OfEveryVersion(kinds) : Mixed(dice, kinds),
            // Long enough that a head no longer lists the commit that somebody who stood still asks for.
            Severity = isRough ? dice.Between(0.3, 2) : isHerd || name is "crashes" or "pauses" or "long" ? dice.Between(0.0, 0.3) : 0,
            Damages = isRough && dice.Chance(0.5),
            ConflictChance = dice.Pick([0, 0.05, 0.5]),
            CrashChance = isHerd || name is "crashes" or "everything" ? dice.Between(0.002, 0.02) : 0,
            Life = isHerd || name is "crashes" or "everything" ? TimeSpan.FromSeconds(dice.Between(2.0, 20)) : null,
            PauseChance = name == "long" ? 0.003 : name is "pauses" or "everything" ? dice.Between(0.002, 0.02) : 0,
            MedianPause = TimeSpan.FromSeconds(name == "long" ? 40 : dice.Pick([0.05, 0.5, 5])),
            Drifts = dice.Chance(0.5),
            Thinking = TimeSpan.FromMilliseconds(dice.Pick([1, 10, 60])),
            Commits = name == "long" ? 600 : dice.Between(110, 190),
            Retention = dice.Pick([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15), TimeSpan.FromMinutes(2)]),
            Options = new DatabaseOptions
            {
                Threads = 1,
                ProbeStore = false,
                PageBytes = dice.Pick([512, 1024, 4096]),
                InlineBytes = dice.Pick([2 << 10, 8 << 10, 32 << 10]),
                PageCacheBytes = 1 << 20,
                IdleConnections = dice.Pick([0, 1, 4]),
                CollectInterval = TimeSpan.FromSeconds(dice.Pick([0, 1, 5, 20])),
            },
        };
    }

    private static readonly string[] Names = ["calm", "saturated", "rough", "rough", "crashes", "crashes", "pauses", "pauses", "everything", "everything", "everything", "long", "herd", "herd", "restores"];

    /// <summary>More of this and less of that. The last one is the upkeep: it sends many requests.</summary>
    private static IReadOnlyList<double> Mixed(Dice dice, int kinds) =>
        [.. Enumerable.Range(1, kinds - 1).Select(_ => dice.Chance(0.3) ? 0.01 : dice.Between(0.2, 1.0)), dice.Pick([0.005, 0.05, 0.3])];

    /// <summary>Library writers, few or many, group committers, and both beside each other.</summary>
    private static int[] Crowd(Dice dice, string name) => name == "saturated"
        ? [dice.Between(12, 24), 1, 1]
        : name is "herd" or "restores" ? [.. Enumerable.Repeat(1, dice.Between(8, 20))]
        : dice.Below(4) switch
        {
            0 => [.. Enumerable.Repeat(1, dice.Between(2, 8))],
            1 => [dice.Between(6, 16), dice.Between(6, 16)],
            2 => [dice.Between(4, 16), dice.Between(1, 4), 1],
            _ => [.. Enumerable.Range(0, dice.Between(2, 5)).Select(_ => dice.Between(1, 6))],
        };

    /// <summary>What befalls the processes.</summary>
    public Temper Temper(Action<Commit.CommitPoint> crashed) => new()
    {
        CrashChance = CrashChance,
        PauseChance = PauseChance,
        StallChance = PauseChance,
        MedianPause = MedianPause,
        Drifts = Drifts,
        Options = Options,

        // All clocks of this store agree, so no margin is needed: what is right only because of one is found.
        Times = new Commit.CollectionTimes(Retention, TimeSpan.Zero),
        Crashed = crashed,
    };
}
