using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Workloads;

/// <summary>One kind of work on the database, and what must hold of it. All kinds run at once, on one database.</summary>
internal abstract class Workload
{
    /// <summary>What it needs in the database.</summary>
    public abstract IEnumerable<string> Schema { get; }

    /// <summary>Does one thing.</summary>
    public abstract Task StepAsync(Caller caller);

    /// <summary>Checks what is left in the end.</summary>
    public abstract Task CheckAsync(Witness witness);

    /// <summary>A check.</summary>
    protected static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new CheckFailedException(otherwise);
        }
    }
}
