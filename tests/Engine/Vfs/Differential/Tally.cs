namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>What a run consisted of: a run that met nothing would find nothing.</summary>
internal sealed class Tally
{
    private static readonly string[] Kinds =
        ["batches", "closures", "held readers", "imports", "overtakings", "piles", "queries", "races", "reopenings", "vacuums"];

    private readonly SortedDictionary<string, int> counts = new(StringComparer.Ordinal);

    /// <summary>How often something happened.</summary>
    public int this[string what] => counts.GetValueOrDefault(what);

    public void Count(string what) => counts[what] = this[what] + 1;

    /// <summary>Counts what plain SQLite told about a transaction.</summary>
    public void Count(Step step, List<string> told)
    {
        Count("transactions");
        Count(step switch { BatchStep => "batches", ClosureStep => "closures", _ => "vacuums" });
        foreach (string answer in told)
        {
            Count(Lines.IsError(answer) ? "failures" : "statements");
        }
    }

    /// <summary>Whether everything was met about as often as it is generated.</summary>
    public bool HasMetAll =>
        Kinds.All(kind => this[kind] >= this["seeds"] / 10) && this["statements"] > 3 * this["failures"] && this["failures"] > this["seeds"];

    public override string ToString() => string.Join(", ", counts.Select(pair => $"{pair.Value} {pair.Key}"));
}
