using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

/// <summary>A slow read is asked for again: rarely, and whoever is first has answered.</summary>
public sealed class HedgedStoreTests : IAsyncDisposable
{
    private readonly Slow inner = new();
    private readonly HedgedStore store;

    public HedgedStoreTests() => store = new HedgedStore(inner, TimeProvider.System);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Fact]
    public async Task A_slow_read_is_answered_by_its_twin()
    {
        await WarmUpAsync();
        var stuck = inner.Hold();
        var read = await store.ReadRangeAsync("a", 2, 3, default).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal([2, 3, 4], read.ToArray());
        Assert.Equal(1, store.Hedged);
        stuck.SetResult();
    }

    [Fact]
    public async Task The_first_one_may_win_all_the_same()
    {
        await WarmUpAsync();
        var first = inner.Hold();
        var second = inner.Hold();
        var reading = store.ReadRangeAsync("a", 0, 1, default).AsTask();
        await inner.WhenHeld(2);
        first.SetResult();
        Assert.Equal([0], (await reading.WaitAsync(TimeSpan.FromSeconds(20))).ToArray());
        second.SetResult();
    }

    [Fact]
    public async Task A_twin_that_fails_does_not_spoil_the_answer_of_the_first()
    {
        await WarmUpAsync();
        var first = inner.Hold();
        var second = inner.Hold();
        var reading = store.ReadRangeAsync("a", 0, 1, default).AsTask();
        await inner.WhenHeld(2);
        second.SetException(new StoreException(StoreFailure.Unavailable, "memory:", "a", "Gone."));
        first.SetResult();
        Assert.Equal([0], (await reading.WaitAsync(TimeSpan.FromSeconds(20))).ToArray());
    }

    [Fact]
    public async Task If_both_fail_it_is_the_first_ones_failure()
    {
        await WarmUpAsync();
        var first = inner.Hold();
        var second = inner.Hold();
        var reading = store.ReadRangeAsync("a", 0, 1, default).AsTask();
        await inner.WhenHeld(2);
        second.SetException(new StoreException(StoreFailure.Unavailable, "memory:", "a", "Gone."));
        first.SetException(new StoreException(StoreFailure.Missing, "memory:", "a", "No such object."));
        Assert.Equal(StoreFailure.Missing, (await Assert.ThrowsAsync<StoreException>(() => reading)).Failure);
    }

    [Fact]
    public async Task Not_more_than_one_in_twenty_is_sent_again()
    {
        await WarmUpAsync();
        int before = inner.Reads;
        inner.Delay = TimeSpan.FromMilliseconds(120);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => store.ReadRangeAsync("a", 0, 1, default).AsTask()));

        // What was saved up before, and one in twenty of these.
        Assert.InRange(store.Hedged, 1, 4 + 5);
        Assert.Equal(100 + store.Hedged, inner.Reads - before);
    }

    [Fact]
    public async Task Fast_reads_are_never_sent_twice()
    {
        await WarmUpAsync();
        await WarmUpAsync();
        Assert.Equal(0, store.Hedged);
    }

    [Fact]
    public async Task Who_cancels_gets_his_cancellation()
    {
        await WarmUpAsync();
        var stuck = inner.Hold();
        using var cancel = new CancellationTokenSource();
        var reading = store.ReadRangeAsync("a", 0, 1, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        Assert.Equal(0, store.Hedged);
        stuck.SetResult();
    }

    private async Task WarmUpAsync()
    {
        await store.WriteAsync("a", new byte[] { 0, 1, 2, 3, 4, 5 }, default);
        for (int i = 0; i < 60; i++)
        {
            await store.ReadRangeAsync("a", 0, 1, default);
        }
    }

    /// <summary>A store whose reads can be held up one by one.</summary>
    private sealed class Slow : IObjectStore
    {
        private readonly MemoryStore inner = new();
        private readonly Queue<TaskCompletionSource> holds = new();
        private int reads;
        private int held;

        public TimeSpan Delay { get; set; }

        public int Reads => Volatile.Read(ref reads);

        public string Url => inner.Url;

        public TaskCompletionSource Hold()
        {
            var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            holds.Enqueue(hold);
            return hold;
        }

        public async Task WhenHeld(int count)
        {
            while (Volatile.Read(ref held) < count)
            {
                await Task.Delay(5);
            }
        }

        public async ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation)
        {
            Interlocked.Increment(ref reads);
            await Task.Delay(Delay, cancellation);
            if (holds.TryDequeue(out var hold))
            {
                Interlocked.Increment(ref held);
                await hold.Task.WaitAsync(cancellation);
            }

            return await inner.ReadRangeAsync(key, offset, length, cancellation);
        }

        public ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation) => inner.ReadAsync(key, unless, cancellation);

        public ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation) => inner.WriteAsync(key, content, cancellation);

        public ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation) =>
            inner.SwapAsync(key, content, expected, cancellation);

        public ValueTask DeleteAsync(string key, CancellationToken cancellation) => inner.DeleteAsync(key, cancellation);

        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

        public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation) => inner.ListFoldersAsync(prefix, cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
