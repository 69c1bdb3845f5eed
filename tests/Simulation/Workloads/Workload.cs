using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Workloads;

/// <summary>One kind of work on the database, and what must hold of it. All kinds run at once, on one database.</summary>
internal abstract class Workload
{
    /// <summary>What it needs in the database.</summary>
    public abstract IEnumerable<string> Schema { get; }

    /// <summary>Weights of those whose checks hold of every version, also of one that a restore makes the newest: money, joint accounts, bulk, and the upkeep.</summary>
    /// <param name="kinds">How many there are.</param>
    public static IReadOnlyList<double> OfEveryVersion(int kinds) => [.. Enumerable.Range(0, kinds).Select(kind => kind is 0 or 6 or 8 ? 1 : kind == kinds - 1 ? 0.3 : 0)];

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
