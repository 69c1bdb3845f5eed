using System.Collections.Concurrent;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Faults;

/// <summary>
/// The way from one process to a store, with everything that may go wrong on it: by a script for exact cases, by the dice for
/// random ones. Several of these over one store are several processes.
/// </summary>
internal sealed class FaultyStore(IObjectStore inner, TimeProvider? time = null, ulong seed = 1) : IObjectStore
{
    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly Entropy entropy = new(seed);
    private readonly Lock gate = new();
    private readonly List<(StoreVerb Verb, Func<Task<Fault>> Fault)> script = [];
    private readonly List<(int Due, Func<Task> Apply)> late = [];
    private readonly ConcurrentQueue<StoreRequest> requests = new();
    private int count;

    /// <inheritdoc/>
    public string Url => inner.Url;

    /// <summary>The faults that happen by themselves.</summary>
    public FaultRates Rates { get; set; } = FaultRates.None;

    /// <summary>What happens to every request of a verb that no script is for: a store that is down, or far away.</summary>
    public Func<StoreRequest, Fault>? Always { get; set; }

    /// <summary>Called before each request reaches the store.</summary>
    public Func<StoreRequest, Task>? Before { get; set; }

    /// <summary>Called once, after the next swap was applied and before its answer goes out.</summary>
    public Func<Task>? AfterNextSwap { get; set; }

    /// <summary>Every request so far.</summary>
    public IReadOnlyList<StoreRequest> Requests => [.. requests];

    /// <summary>How many requests of a verb there were.</summary>
    public int Count(StoreVerb verb) => requests.Count(request => request.Verb == verb);

    /// <summary>The next requests of that verb meet these faults, one after the other.</summary>
    public void Next(StoreVerb verb, params ReadOnlySpan<Fault> faults)
    {
        lock (gate)
        {
            foreach (var fault in faults)
            {
                script.Add((verb, () => Task.FromResult(fault)));
            }
        }
    }

    /// <summary>Before the next request of that verb reaches the store, this happens: a rival's commit, for one.</summary>
    public void BeforeNext(StoreVerb verb, Func<Task> happens, Fault? then = null)
    {
        lock (gate)
        {
            script.Add((verb, async () =>
            {
                await happens();
                return then ?? Fault.None;
            }
            ));
        }
    }

    /// <summary>Applies every late request that has not arrived yet.</summary>
    public async Task SettleAsync()
    {
        Func<Task>[] due;
        lock (gate)
        {
            due = [.. late.Select(entry => entry.Apply)];
            late.Clear();
        }

        foreach (var apply in due)
        {
            await apply();
        }
    }

    public async ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation)
    {
        var fault = await ReceiveAsync(StoreVerb.Read, key, cancellation);
        var result = await AnswerAsync(fault, key, () => inner.ReadAsync(key, unless, cancellation), cancellation);
        return result.Answer == ReadAnswer.Found ? result with { Content = Spoil(fault, result.Content) } : result;
    }

    public async ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation)
    {
        var fault = await ReceiveAsync(StoreVerb.ReadRange, key, cancellation);
        var content = await AnswerAsync(fault, key, () => inner.ReadRangeAsync(key, offset, length, cancellation), cancellation);
        return fault.Kind == FaultKind.Truncated
            ? throw new StoreException(StoreFailure.Truncated, Url, key, "The object ends early.")
            : Spoil(fault, content);
    }

    public async ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        var fault = await ReceiveAsync(StoreVerb.Write, key, cancellation);
        await AnswerAsync(fault, key, () => Valued(inner.WriteAsync(key, content, CancellationToken.None)), cancellation);
    }

    public async ValueTask DeleteAsync(string key, CancellationToken cancellation)
    {
        var fault = await ReceiveAsync(StoreVerb.Delete, key, cancellation);
        await AnswerAsync(fault, key, () => Valued(inner.DeleteAsync(key, CancellationToken.None)), cancellation);
    }

    public async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
    {
        var fault = await ReceiveAsync(StoreVerb.Swap, key, cancellation);
        return fault.Kind switch
        {
            FaultKind.Busy => SwapResult.Busy,
            FaultKind.Refused => SwapResult.Lost,
            _ => await AnswerAsync(
                fault,
                key,
                async () =>
                {
                    var result = await inner.SwapAsync(key, content, expected, CancellationToken.None);
                    if (AfterNextSwap is { } after)
                    {
                        AfterNextSwap = null;
                        await after();
                    }

                    return fault.Kind switch
                    {
                        FaultKind.Echo => await inner.SwapAsync(key, content, expected, CancellationToken.None),
                        FaultKind.BusyTwin => SwapResult.Busy,
                        _ => result,
                    };
                },
                cancellation),
        };
    }

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

    public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation) => inner.ListFoldersAsync(prefix, cancellation);

    /// <summary>Leaves the store behind it open: others are on their way to it, too.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<Fault> ReceiveAsync(StoreVerb verb, string key, CancellationToken cancellation)
    {
        StoreRequest request;
        Func<Task<Fault>>? scripted = null;
        List<Func<Task>> due = [];
        lock (gate)
        {
            request = new StoreRequest(verb, key, ++count);
            requests.Enqueue(request);
            (time as VirtualTime)?.Touch();
            int found = script.FindIndex(entry => entry.Verb == verb);
            if (found >= 0)
            {
                scripted = script[found].Fault;
                script.RemoveAt(found);
            }

            due.AddRange(late.Where(entry => entry.Due <= count).Select(entry => entry.Apply));
            late.RemoveAll(entry => entry.Due <= count);
        }

        foreach (var apply in due)
        {
            await apply();
        }

        if (Before is { } before)
        {
            await before(request);
        }

        var fault = scripted is not null ? await scripted() : Always?.Invoke(request) ?? Rates.Draw(verb, entropy);
        if (fault.Delay > TimeSpan.Zero && fault.Kind != FaultKind.Late)
        {
            await Task.Delay(fault.Delay, time, cancellation);
        }

        return fault;
    }

    private async Task<T> AnswerAsync<T>(Fault fault, string key, Func<ValueTask<T>> apply, CancellationToken cancellation)
    {
        switch (fault.Kind)
        {
            case FaultKind.RequestLost:
                throw Broken(key);
            case FaultKind.ReplyLost:
                await apply();
                throw Broken(key);
            case FaultKind.Denied or FaultKind.DeniedAfterwards:
                if (fault.Kind == FaultKind.DeniedAfterwards)
                {
                    await apply();
                }

                throw new StoreException(StoreFailure.Denied, Url, key, "No permission.");
            case FaultKind.Full:
                throw new StoreException(StoreFailure.Full, Url, key, "No space.");
            case FaultKind.Late:
                Defer(fault, async () => await apply());
                throw Broken(key);
        }

        var result = await apply();
        if (fault.AnswerDelay > TimeSpan.Zero)
        {
            await Task.Delay(fault.AnswerDelay, time, cancellation);
        }

        return result;
    }

    private void Defer(Fault fault, Func<Task> apply)
    {
        if (fault.Delay > TimeSpan.Zero)
        {
            _ = ArriveAsync(fault.Delay, apply);
            return;
        }

        lock (gate)
        {
            late.Add((count + Math.Max(1, fault.Requests), apply));
        }
    }

    private async Task ArriveAsync(TimeSpan delay, Func<Task> apply)
    {
        await Task.Delay(delay, time);
        await apply();
    }

    private ReadOnlyMemory<byte> Spoil(Fault fault, ReadOnlyMemory<byte> content)
    {
        if (content.IsEmpty || fault.Kind is not (FaultKind.Truncated or FaultKind.Flipped))
        {
            return content;
        }

        int place = (int)(entropy.NextDouble() * content.Length);
        if (fault.Kind == FaultKind.Truncated)
        {
            return content[..place];
        }

        byte[] spoiled = content.ToArray();
        spoiled[place] ^= (byte)(1 << (int)(entropy.NextDouble() * 8));
        return spoiled;
    }

    private StoreException Broken(string key) => new(StoreFailure.Unavailable, Url, key, "The connection broke.");

    private static async ValueTask<bool> Valued(ValueTask action)
    {
        await action;
        return true;
    }
}
