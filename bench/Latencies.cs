using System.Diagnostics;

namespace OrleansSqlite.Bench;

/// <summary>How long each of many calls took, in classes that are 1 % apart: however many there are, they take no more memory. May be added to concurrently.</summary>
internal sealed class Latencies
{
    private const double Step = 1.01;
    private static readonly double LogStep = Math.Log(Step);
    private readonly long[] classes = new long[(int)Math.Ceiling(Math.Log(long.MaxValue) / LogStep) + 1];
    private long count;

    /// <summary>How many calls.</summary>
    public long Count => Interlocked.Read(ref count);

    /// <summary>Adds a call, in ticks of <see cref="Stopwatch"/>.</summary>
    public void Add(long ticks)
    {
        Interlocked.Increment(ref classes[(int)(Math.Log(Math.Max(1, ticks)) / LogStep)]);
        Interlocked.Increment(ref count);
    }

    /// <summary>The time that this part of the calls did not exceed, in milliseconds.</summary>
    public double Milliseconds(double part)
    {
        long left = (long)(part * Count);
        for (int i = 0; i < classes.Length; i++)
        {
            left -= classes[i];
            if (left < 0)
            {
                return Math.Pow(Step, i + 0.5) * 1000.0 / Stopwatch.Frequency;
            }
        }

        return double.NaN;
    }
}
