using System.Runtime.CompilerServices;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

/// <summary>Stores with one fault each; the probe must find it, and name it.</summary>
public sealed class StoreProbeTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    public static TheoryData<string, string> Faults => new()
    {
        { nameof(IgnoresIfNoneMatch), "If-None-Match is not honoured" },
        { nameof(IgnoresIfMatch), "a stale tag" },
        { nameof(ComparesTheStartOfTags), "differs from the right one in its last character" },
        { nameof(CreatesOnSwap), "an object that was not there was replaced" },
        { nameof(CreatesOnSwapButDenies), "has created it" },
        { nameof(AppliesWhatItRefuses), "a refused swap took effect" },
        { nameof(AlwaysRefuses), "by the one who knows its tag" },
        { nameof(AlwaysBusy), "answer: Busy" },
        { nameof(ReadsStale), "reads are stale" },
        { nameof(SaysUnchanged), "a changed object was said to be unchanged" },
        { nameof(NeverSaysUnchanged), "an unchanged object was not recognized" },
        { nameof(MisreadsRanges), "a range of an object had other bytes" },
        { nameof(ChecksThenWrites), "swaps that raced from the same tag were applied" },
        { nameof(MixesUpTags), "a read gave another tag than the write did" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_store_with_a_fault_is_unsafe(string fault, string named)
    {
        var memory = new MemoryStore();
        var store = (Faulty)Activator.CreateInstance(typeof(StoreProbeTests).GetNestedType(fault, System.Reflection.BindingFlags.NonPublic)!)!;
        store.Inner = memory;
        StoreException error = await Assert.ThrowsAsync<StoreException>(() => StoreProbe.RunAsync(store, TimeProvider.System, Entropy.System));
        Assert.Equal(StoreFailure.Unsafe, error.Failure);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.False(error.IsTransient);
        Assert.Empty(await memory.ListAsync("", None).ToArrayAsync());
    }

    [Fact]
    public async Task A_store_that_cannot_be_reached_is_not_called_unsafe()
    {
        StoreException error = await Assert.ThrowsAsync<StoreException>(() => StoreProbe.RunAsync(new Unreachable { Inner = new MemoryStore() }, TimeProvider.System, Entropy.System));
        Assert.Equal(StoreFailure.Unavailable, error.Failure);
    }

    [Fact]
    public async Task A_store_that_is_busy_now_and_then_and_forgets_to_answer_losers_is_safe()
    {
        await StoreProbe.RunAsync(new Moody { Inner = new MemoryStore() }, TimeProvider.System, Entropy.System);
    }

    [Fact]
    public async Task Without_the_right_to_delete_the_store_is_still_accepted()
    {
        await StoreProbe.RunAsync(new KeepsEverything { Inner = new MemoryStore() }, TimeProvider.System, Entropy.System);
    }

    private abstract class Faulty : IObjectStore
    {
        public required MemoryStore Inner { get; set; }

        public string Url => "memory:faulty";

        public virtual ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation) => Inner.ReadAsync(key, unless, cancellation);

        public virtual ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation) =>
            Inner.ReadRangeAsync(key, offset, length, cancellation);

        public ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation) => Inner.WriteAsync(key, content, cancellation);

        public virtual ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation) =>
            Inner.SwapAsync(key, content, expected, cancellation);

        public virtual ValueTask DeleteAsync(string key, CancellationToken cancellation) => Inner.DeleteAsync(key, cancellation);

        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation) => Inner.ListAsync(prefix, cancellation);

        public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation) => Inner.ListFoldersAsync(prefix, cancellation);

        public ValueTask DisposeAsync() => Inner.DisposeAsync();

        protected async ValueTask<ETag?> TagAsync(string key)
        {
            ReadResult read = await Inner.ReadAsync(key, null, None);
            return read.Answer == ReadAnswer.Missing ? null : read.Tag;
        }

        protected async ValueTask<SwapResult> PutAsync(string key, ReadOnlyMemory<byte> content)
        {
            await Inner.WriteAsync(key, content, None);
            return SwapResult.Done((await TagAsync(key))!.Value);
        }
    }

    private sealed class IgnoresIfNoneMatch : Faulty
    {
        public override ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation) =>
            expected is null ? PutAsync(key, content) : base.SwapAsync(key, content, expected, cancellation);
    }

    private sealed class IgnoresIfMatch : Faulty
    {
        public override ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation) =>
            expected is not null ? PutAsync(key, content) : base.SwapAsync(key, content, expected, cancellation);
    }

    private sealed class ComparesTheStartOfTags : Faulty
    {
        public override async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
        {
            ETag? current = await TagAsync(key);
            bool alike = expected is { } given && current is { } tag && given.Value[..8] == tag.Value[..8];
            return await base.SwapAsync(key, content, alike ? current : expected, cancellation);
        }
    }

    private sealed class CreatesOnSwap : Faulty
    {
        public override async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation) =>
            await TagAsync(key) is null ? await PutAsync(key, content) : await base.SwapAsync(key, content, expected, cancellation);
    }

    private sealed class CreatesOnSwapButDenies : Faulty
    {
        public override async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
        {
            SwapResult result = await base.SwapAsync(key, content, expected, cancellation);
            if (result.Answer == SwapAnswer.Gone)
            {
                await PutAsync(key, content);
            }

            return result;
        }
    }

    private sealed class AppliesWhatItRefuses : Faulty
    {
        public override async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
        {
            SwapResult result = await base.SwapAsync(key, content, expected, cancellation);
            if (result.Answer == SwapAnswer.Lost && expected is not null)
            {
                await PutAsync(key, content);
            }

            return result;
        }
    }

    private sealed class AlwaysRefuses : Faulty
    {
        public override ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation) =>
            expected is not null ? ValueTask.FromResult(SwapResult.Lost) : base.SwapAsync(key, content, expected, cancellation);
    }

    private sealed class AlwaysBusy : Faulty
    {
        public override ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation) =>
            ValueTask.FromResult(SwapResult.Busy);
    }

    private sealed class ReadsStale : Faulty
    {
        private ReadResult? first;

        public override async ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation) =>
            first is { } old && unless is null && !key.EndsWith("-none", StringComparison.Ordinal) ? old : await base.ReadAsync(key, unless, cancellation);

        public override async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
        {
            SwapResult result = await base.SwapAsync(key, content, expected, cancellation);
            first ??= await Inner.ReadAsync(key, null, cancellation);
            return result;
        }
    }

    private sealed class SaysUnchanged : Faulty
    {
        public override ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation) =>
            unless is not null ? ValueTask.FromResult(ReadResult.NotModified) : base.ReadAsync(key, unless, cancellation);
    }

    private sealed class NeverSaysUnchanged : Faulty
    {
        public override ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation) => base.ReadAsync(key, null, cancellation);
    }

    private sealed class MisreadsRanges : Faulty
    {
        public override ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation) =>
            base.ReadRangeAsync(key, 0, length, cancellation);
    }

    private sealed class ChecksThenWrites : Faulty
    {
        public override async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
        {
            ETag? current = await TagAsync(key);
            await Task.Delay(50, cancellation);
            return current == expected ? await PutAsync(key, content) : current is null ? SwapResult.Gone : SwapResult.Lost;
        }
    }

    private sealed class MixesUpTags : Faulty
    {
        public override async ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation) =>
            await base.ReadAsync(key, unless, cancellation) with { Tag = new ETag("0123456789abcdef0123456789abcdef") };
    }

    private sealed class Unreachable : Faulty
    {
        public override ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation) =>
            throw new StoreException(StoreFailure.Unavailable, Url, key, "No answer.");

        public override ValueTask DeleteAsync(string key, CancellationToken cancellation) =>
            throw new StoreException(StoreFailure.Unavailable, Url, key, "No answer.");
    }

    private sealed class KeepsEverything : Faulty
    {
        public override ValueTask DeleteAsync(string key, CancellationToken cancellation) =>
            throw new StoreException(StoreFailure.Denied, Url, key, "Not you.");
    }

    private sealed class Moody : Faulty
    {
        private readonly StrongBox<int> calls = new();

        public override async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
        {
            if (Interlocked.Increment(ref calls.Value) % 3 == 1)
            {
                return SwapResult.Busy;
            }

            SwapResult result = await base.SwapAsync(key, content, expected, cancellation);
            bool racing = content.Span.IndexOf("racer"u8) >= 0;
            return result.Answer == SwapAnswer.Lost && racing ? throw new StoreException(StoreFailure.Unavailable, Url, key, "HTTP 500") : result;
        }
    }
}
