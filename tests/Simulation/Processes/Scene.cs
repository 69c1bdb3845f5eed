using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Clock;

namespace OrleansSqlite.Simulation.Processes;

/// <summary>What all callers of a run share.</summary>
internal sealed class Scene(World world, Trace trace)
{
    private long moments;
    private int markers;

    /// <summary>All writes so far.</summary>
    public List<Write> Writes { get; } = [];

    /// <summary>The processes that live.</summary>
    public List<Instance> Living { get; } = [];

    /// <summary>What is known of versions.</summary>
    public Knowledge Knowledge { get; } = new();

    /// <summary>Whether nothing new is begun.</summary>
    public bool IsOver { get; set; }

    /// <summary>Whether damaged bodies may come from the store.</summary>
    public bool MayBeDamaged { get; init; }

    /// <summary>The longest that a write may take.</summary>
    public TimeSpan Patience { get; init; }

    /// <summary>Whether versions are taken back, so that what was acknowledged may be gone.</summary>
    public bool Restores { get; init; }

    /// <summary>Whether a write may give up after lost races.</summary>
    public bool MayGiveUp { get; init; }

    /// <summary>The longest that a write took so far.</summary>
    public TimeSpan LongestWait { get; private set; }

    /// <summary>How many reads were answered.</summary>
    public int Reads { get; set; }

    /// <summary>The first thing that went wrong.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>The time.</summary>
    public TimeSpan Now => world.Now;

    /// <summary>A number for this moment: later ones have higher ones.</summary>
    public long Moment() => ++moments;

    /// <summary>Begins a write.</summary>
    public Write Begin(string kind)
    {
        var write = new Write($"m{++markers}", kind, Moment());
        Writes.Add(write);
        return write;
    }

    /// <summary>Something is wrong: the run ends.</summary>
    public void Fail(Exception because)
    {
        trace.Add("check", because.Message);
        Failure ??= because;
        IsOver = true;
    }

    /// <summary>A note for the trace.</summary>
    public void Note(string who, string what) => trace.Add(who, what);

    /// <summary>A write was answered after that time.</summary>
    public void Waited(Write write, TimeSpan time)
    {
        LongestWait = time > LongestWait ? time : LongestWait;
        if (time > Patience)
        {
            Fail(new CheckFailedException($"{write} waited for {time.TotalSeconds:0.0} s."));
        }
    }
}
