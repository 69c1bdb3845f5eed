using OrleansSqlite.Commit;

namespace OrleansSqlite.Simulation.Processes;

/// <summary>What befalls the processes of a run, and their settings.</summary>
internal sealed record Temper
{
    /// <summary>The chance of a crash at each named point.</summary>
    public double CrashChance { get; init; }

    /// <summary>The chance at each named point that the process stands still.</summary>
    public double PauseChance { get; init; }

    /// <summary>The chance at each named point that the step is held up.</summary>
    public double StallChance { get; init; }

    /// <summary>How long a pause or a stall takes, in the middle.</summary>
    public TimeSpan MedianPause { get; init; }

    /// <summary>Whether clocks are wrong.</summary>
    public bool Drifts { get; init; }

    /// <summary>The engine's settings.</summary>
    public required DatabaseOptions Options { get; init; }

    /// <summary>How careful its collections are with time.</summary>
    public CollectionTimes Times { get; init; } = CollectionTimes.Default;

    /// <summary>Told of each crash at a named point.</summary>
    public Action<CommitPoint> Crashed { get; init; } = static _ => { };
}
