using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Regressions;

/// <summary>
/// A store with hooks before and after its requests: a hook waits, lets a rival in, or throws what a network would.
/// Those named "next" act once.
/// </summary>
internal sealed class FaultStore(IObjectStore inner) : IObjectStore
{
    private Func<Task>? beforeNextSwap;
    private Func<Task>? afterNextSwap;
    private Func<Task>? beforeNextRead;
    private int refusedRanges;

    /// <summary>Runs before a swap is applied.</summary>
    public Func<Task> BeforeNextSwap { set => Volatile.Write(ref beforeNextSwap, value); }

    /// <summary>Runs after a swap has been applied, before its answer; a swap that was refused leaves it for the next one.</summary>
    public Func<Task> AfterNextSwap { set => Volatile.Write(ref afterNextSwap, value); }

    /// <summary>Runs before an object is read.</summary>
    public Func<Task> BeforeNextRead { set => Volatile.Write(ref beforeNextRead, value); }

    /// <summary>Runs after an object was written without a condition, before its answer; told its key.</summary>
    public Func<string, Task>? AfterWrite { get; set; }

    /// <summary>Why whole objects can't be read, while they can't.</summary>
    public StoreFailure? ReadFailure { get; set; }

    /// <summary>Why ranges can't be read, while they can't.</summary>
    public StoreFailure? RangeFailure { get; set; }

    /// <summary>Whether a byte of each range that is read is another one.</summary>
    public bool DamagesRanges { get; set; }

    /// <summary>How many ranges were asked for while they couldn't be read.</summary>
    public int RefusedRanges => Volatile.Read(ref refusedRanges);

    public bool IsDisposed { get; private set; }

    public string Url => inner.Url;

    public static StoreException Lost() => Failed(StoreFailure.Unavailable);

    public async ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation)
    {
        await Pass(ref beforeNextRead);
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return ReadFailure is { } failure ? throw Failed(failure) : await inner.ReadAsync(key, unless, cancellation);
    }

    public async ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation)
    {
        if (RangeFailure is { } failure)
        {
            Interlocked.Increment(ref refusedRanges);
            throw Failed(failure);
        }

        var content = await inner.ReadRangeAsync(key, offset, length, cancellation);
        if (!DamagesRanges)
        {
            return content;
        }

        byte[] damaged = content.ToArray();
        damaged[length / 2] ^= 1;
        return damaged;
    }

    public async ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        await inner.WriteAsync(key, content, cancellation);
        await (AfterWrite?.Invoke(key) ?? Task.CompletedTask);
    }

    public async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
    {
        await Pass(ref beforeNextSwap);
        var result = await inner.SwapAsync(key, content, expected, cancellation);
        if (result.Answer == SwapAnswer.Done)
        {
            await Pass(ref afterNextSwap);
        }

        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return result;
    }

    public ValueTask DeleteAsync(string key, CancellationToken cancellation) => inner.DeleteAsync(key, cancellation);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

    public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation) => inner.ListFoldersAsync(prefix, cancellation);

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    private static Task Pass(ref Func<Task>? hook) => Interlocked.Exchange(ref hook, null)?.Invoke() ?? Task.CompletedTask;

    private static StoreException Failed(StoreFailure failure) => new(failure, "faults:", null, "The test says so.");
}
