using System.Diagnostics;
using System.Runtime.CompilerServices;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Bench;

/// <summary>
/// A store that answers as late as S3 does: each request waits for a time drawn from a log-normal distribution, then takes effect.
/// The median and the 99th percentile are those published for small objects in S3 Standard: PUT 28 and 67 ms, GET 24 and 77 ms.
/// </summary>
internal sealed class ModelledStore(IObjectStore inner, Entropy entropy) : IObjectStore
{
    private static readonly Latency Put = new(28, 67);
    private static readonly Latency Get = new(24, 77);
    private long swaps;
    private long swapTicks;

    public string Url => inner.Url;

    /// <summary>How many swaps there were, and how long they took in all, as their senders saw it.</summary>
    public (long Count, TimeSpan Time) Swaps => (Volatile.Read(ref swaps), new TimeSpan(Volatile.Read(ref swapTicks)));

    public async ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation)
    {
        await WaitAsync(Get, cancellation);
        return await inner.ReadAsync(key, unless, cancellation);
    }

    public async ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation)
    {
        await WaitAsync(Get, cancellation);
        return await inner.ReadRangeAsync(key, offset, length, cancellation);
    }

    public async ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        await WaitAsync(Put, cancellation);
        await inner.WriteAsync(key, content, cancellation);
    }

    public async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        await WaitAsync(Put, cancellation);
        var result = await inner.SwapAsync(key, content, expected, cancellation);
        Interlocked.Increment(ref swaps);
        Interlocked.Add(ref swapTicks, Stopwatch.GetElapsedTime(began).Ticks);
        return result;
    }

    public async ValueTask DeleteAsync(string key, CancellationToken cancellation)
    {
        await WaitAsync(Put, cancellation);
        await inner.DeleteAsync(key, cancellation);
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await WaitAsync(Get, cancellation);
        await foreach (var item in inner.ListAsync(prefix, cancellation))
        {
            yield return item;
        }
    }

    public async IAsyncEnumerable<string> ListFoldersAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await WaitAsync(Get, cancellation);
        await foreach (string folder in inner.ListFoldersAsync(prefix, cancellation))
        {
            yield return folder;
        }
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private Task WaitAsync(Latency latency, CancellationToken cancellation) => Task.Delay(latency.Draw(entropy), cancellation);

    /// <summary>A log-normal distribution by its median and 99th percentile, in milliseconds.</summary>
    private readonly struct Latency(double median, double percentile99)
    {
        /// <summary>How many standard deviations the 99th percentile of a normal distribution lies above its middle.</summary>
        private const double Deviations = 2.3263478740408408;

        private readonly double middle = Math.Log(median);
        private readonly double deviation = Math.Log(percentile99 / median) / Deviations;

        public TimeSpan Draw(Entropy entropy)
        {
            // Box and Muller: two uniform numbers to a normal one.
            double normal = Math.Sqrt(-2 * Math.Log(1 - entropy.NextDouble())) * Math.Cos(2 * Math.PI * entropy.NextDouble());
            return TimeSpan.FromMilliseconds(Math.Exp(middle + (deviation * normal)));
        }
    }
}
