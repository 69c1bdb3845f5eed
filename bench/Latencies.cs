using System.Diagnostics;

namespace OrleansSqlite.Bench;

/// <summary>How long each of many calls took.</summary>
internal sealed class Latencies
{
    private readonly long[] sorted;

    public Latencies(IEnumerable<long> stopwatchTicks)
    {
        sorted = [.. stopwatchTicks];
        Array.Sort(sorted);
    }

    /// <summary>How many calls.</summary>
    public int Count => sorted.Length;

    /// <summary>The time that this part of the calls did not exceed, in milliseconds.</summary>
    public double Milliseconds(double part) =>
        sorted.Length == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Length - 1, part * sorted.Length)] * 1000.0 / Stopwatch.Frequency;
}
