namespace OrleansSqlite.Simulation.Clock;

/// <summary>
/// A thread of its own for work that waits in the midst of SQLite. It and the simulation hand each other a baton: exactly one of them runs.
/// </summary>
internal sealed class Fiber
{
    private static readonly Stack<Fiber> Idle = new();
    private readonly object baton = new();
    private Action? work;
    private bool runs;
    private bool waits;

    private Fiber() => new Thread(Loop) { IsBackground = true, Name = "fiber" }.Start();

    /// <summary>One that is free.</summary>
    public static Fiber Take() => Idle.TryPop(out var free) ? free : new Fiber();

    /// <summary>Runs work until it has ended or waits. True if it has ended: then the fiber is free again.</summary>
    public bool Run(Action something)
    {
        work = something;
        return Resume();
    }

    /// <summary>Lets work that waits go on until it has ended or waits again. True if it has ended.</summary>
    public bool Resume()
    {
        waits = false;
        Hand(toFiber: true);
        if (!waits)
        {
            Idle.Push(this);
        }

        return !waits;
    }

    /// <summary>Called by the work itself: waits until somebody lets it go on.</summary>
    public void Wait()
    {
        waits = true;
        Hand(toFiber: false);
    }

    private void Loop()
    {
        lock (baton)
        {
            Await(fiber: true);
        }

        while (true)
        {
            work!();
            Hand(toFiber: false);
        }
    }

    /// <summary>Gives the baton to the other side, and waits until it comes back.</summary>
    private void Hand(bool toFiber)
    {
        lock (baton)
        {
            runs = toFiber;
            Monitor.Pulse(baton);
            Await(!toFiber);
        }
    }

    private void Await(bool fiber)
    {
        while (runs != fiber)
        {
            Monitor.Wait(baton);
        }
    }
}
