namespace OrleansSqlite.Stores;

/// <summary>
/// Asks a second time for a range that takes longer than nearly all others did lately, and takes the answer that comes first. The slow tail of a
/// store is mostly bad luck of one request, and segments never change, so that both answers are the same. At most one request in twenty is repeated.
/// </summary>
internal sealed class HedgedStore(IObjectStore inner, TimeProvider time) : IObjectStore
{
    /// <summary>Ranges up to this size are compared with each other; larger ones, which take longer, too.</summary>
    private const int SmallBytes = 128 << 10;

    private readonly RecentTimes small = new();
    private readonly RecentTimes large = new();
    private readonly HedgeBudget budget = new();
    private long hedged;

    public string Url => inner.Url;

    /// <summary>How many requests were sent a second time.</summary>
    public long Hedged => Volatile.Read(ref hedged);

    public async ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation)
    {
        var times = length <= SmallBytes ? small : large;
        budget.Earn();
        long began = time.GetTimestamp();
        var reading = inner.ReadRangeAsync(key, offset, length, cancellation);
        if (reading.IsCompleted || times.Patience is not { } patience)
        {
            var content = await reading.ConfigureAwait(false);
            times.Add(time.GetElapsedTime(began));
            return content;
        }

        var first = reading.AsTask();
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
        {
            await Task.WhenAny(first, Task.Delay(patience, time, stop.Token)).ConfigureAwait(false);
            await stop.CancelAsync().ConfigureAwait(false);
        }

        if (!first.IsCompleted && !cancellation.IsCancellationRequested && budget.TrySpend())
        {
            Interlocked.Increment(ref hedged);
            Metrics.Hedges.Add(1);
            return await RaceAsync(first, key, offset, length, cancellation).ConfigureAwait(false);
        }

        var late = await first.ConfigureAwait(false);
        times.Add(time.GetElapsedTime(began));
        return late;
    }

    public ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation) => inner.ReadAsync(key, unless, cancellation);

    public ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation) => inner.WriteAsync(key, content, cancellation);

    public ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation) =>
        inner.SwapAsync(key, content, expected, cancellation);

    public ValueTask DeleteAsync(string key, CancellationToken cancellation) => inner.DeleteAsync(key, cancellation);

    /// <inheritdoc/>
    public ValueTask DeleteManyAsync(IReadOnlyCollection<string> keys, CancellationToken cancellation) => inner.DeleteManyAsync(keys, cancellation);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

    public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation) => inner.ListFoldersAsync(prefix, cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>The first answer that is one. If both fail, the first request's failure: it is the one that would have been told without the second.</summary>
    private async Task<ReadOnlyMemory<byte>> RaceAsync(
        Task<ReadOnlyMemory<byte>> first, string key, long offset, int length, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var second = inner.ReadRangeAsync(key, offset, length, stop.Token).AsTask();
        var winner = await Task.WhenAny(first, second).ConfigureAwait(false);
        if (winner.IsCompletedSuccessfully)
        {
            var loser = winner == first ? second : first;
            await stop.CancelAsync().ConfigureAwait(false);
            _ = loser.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return await winner.ConfigureAwait(false);
        }

        var other = winner == first ? second : first;
        await ((Task)other).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await (other.IsCompletedSuccessfully ? other : first).ConfigureAwait(false);
    }
}

/// <summary>How long requests took lately, and how long to wait for one before it counts as slow.</summary>
internal sealed class RecentTimes
{
    private const int Samples = 64;
    private const int Enough = 20;
    private const int Every = 16;
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(50);
    private readonly Lock gate = new();
    private readonly TimeSpan[] times = new TimeSpan[Samples];
    private int count;
    private TimeSpan? patience;

    /// <summary>The 95th percentile of the last 64, at least 50 ms; null as long as too few are known.</summary>
    public TimeSpan? Patience
    {
        get
        {
            lock (gate)
            {
                return patience;
            }
        }
    }

    /// <summary>One more request has been answered.</summary>
    public void Add(TimeSpan took)
    {
        lock (gate)
        {
            times[count++ % Samples] = took;
            if (count >= Enough && (patience is null || count % Every == 0))
            {
                TimeSpan[] sorted = times[..Math.Min(count, Samples)];
                Array.Sort(sorted);
                var slow = sorted[sorted.Length * 95 / 100];
                patience = slow > Least ? slow : Least;
            }
        }
    }
}

/// <summary>Lets one request in twenty be sent again, a few of them in a row.</summary>
internal sealed class HedgeBudget
{
    private const int Price = 20;
    private const int Most = 4 * Price;
    private readonly Lock gate = new();
    private int earned;

    /// <summary>A request is sent.</summary>
    public void Earn()
    {
        lock (gate)
        {
            earned = Math.Min(earned + 1, Most);
        }
    }

    /// <summary>Whether one may be sent again.</summary>
    public bool TrySpend()
    {
        lock (gate)
        {
            if (earned < Price)
            {
                return false;
            }

            earned -= Price;
            return true;
        }
    }
}
