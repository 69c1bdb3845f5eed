using System.Diagnostics;

namespace OrleansSqlite.Bench;

/// <summary>Callers that each make one call after the other, for a while.</summary>
internal static class Callers
{
    /// <summary>Lets them run themselves warm for a fifth of the time, then measures.</summary>
    /// <param name="count">How many calls are outstanding at once.</param>
    /// <param name="length">How long to measure.</param>
    /// <param name="call">The call; its number is unique.</param>
    /// <param name="begin">Called when the measuring begins.</param>
    public static async Task<(Latencies Latencies, TimeSpan Time)> RunAsync(int count, TimeSpan length, Func<long, Task> call, Action? begin = null)
    {
        long next = 0;
        bool measuring = false;
        bool ended = false;
        var latencies = new Latencies();
        var callers = Enumerable.Range(0, count).Select(_ => Task.Run(async () =>
        {
            while (!Volatile.Read(ref ended))
            {
                bool counts = Volatile.Read(ref measuring);
                long began = Stopwatch.GetTimestamp();
                await call(Interlocked.Increment(ref next));
                if (counts)
                {
                    latencies.Add(Stopwatch.GetTimestamp() - began);
                }
            }
        })).ToArray();
        await Task.Delay(length / 5);
        begin?.Invoke();
        Volatile.Write(ref measuring, true);
        long start = Stopwatch.GetTimestamp();
        await Task.Delay(length);
        Volatile.Write(ref ended, true);
        var time = Stopwatch.GetElapsedTime(start);
        await Task.WhenAll(callers);
        return (latencies, time);
    }
}
