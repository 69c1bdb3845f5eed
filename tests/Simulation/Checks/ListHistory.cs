using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Checks;

/// <summary>One step of a transaction on lists: it appends a value, which nobody else ever appends, or it reads a list.</summary>
/// <param name="Key">Which list.</param>
/// <param name="Appended">The value, if it appends.</param>
/// <param name="Read">What it read, if it reads.</param>
internal sealed record ListStep(int Key, int? Appended, IReadOnlyList<int>? Read)
{
    /// <summary>An append.</summary>
    public static ListStep Append(int key, int value) => new(key, value, null);

    /// <summary>A read.</summary>
    public static ListStep Saw(int key, params IReadOnlyList<int> values) => new(key, null, values);
}

/// <summary>A transaction on lists.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Invoked">The moment at which it began.</param>
/// <param name="Answered">The moment of its answer; the highest number if it was not answered.</param>
/// <param name="Ended">How it ended. Of one that did not land the reads are unknown.</param>
/// <param name="RespectsTime">Whether it must see what was answered before it began: false for reads that may be stale.</param>
/// <param name="Steps">Its steps, in order.</param>
internal sealed record ListTransaction(
    string Name, long Invoked, long Answered, Ended Ended, bool RespectsTime, IReadOnlyList<ListStep> Steps);
