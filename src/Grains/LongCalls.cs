using System.Collections.Concurrent;

namespace OrleansSqlite.Grains;

/// <summary>
/// The long calls of an activation, by their callers' ids. A message that waited for one to end would be given up by Orleans, or by a caller
/// who takes the silo for dead; so each one is asked for until it is done, and begun anew by another activation when this one is gone.
/// </summary>
internal sealed class LongCalls(TimeProvider time)
{
    // Turns of the grain add to it; what is stopped by the clock goes from it at any time.
    private readonly ConcurrentDictionary<string, ILongCall> calls = new();

    /// <summary>Begins the call, or asks for it if it was begun.</summary>
    public async Task<Stage<T>> AskAsync<T>(
        string id, TimeSpan wait, Func<IProgress<TransferProgress>, CancellationToken, Task<T>> begin, CancellationToken cancellation)
    {
        var call = calls.TryGetValue(id, out var there) ? (LongCall<T>)there : Begin(id, begin);
        try
        {
            return await call.AskAsync(wait, cancellation);
        }
        finally
        {
            // A result is kept for a while: its answer may get lost. A failure is not, for whoever asks again after one wants another attempt.
            if (call.HasFailed)
            {
                await EndAsync(id, call);
            }
        }
    }

    /// <summary>Stops a call, if there is one of that id. It is told to those who ask for it that it was.</summary>
    public Task WithdrawAsync(string id) => calls.TryGetValue(id, out var call) ? call.WithdrawAsync() : Task.CompletedTask;

    /// <summary>Stops them all, and waits for their ends. Who asks for them goes on with another activation.</summary>
    public async Task EndAsync()
    {
        foreach (var (id, call) in calls)
        {
            await EndAsync(id, call);
        }
    }

    private LongCall<T> Begin<T>(string id, Func<IProgress<TransferProgress>, CancellationToken, Task<T>> begin)
    {
        var call = new LongCall<T>(time, begin);
        calls[id] = call;
        call.WhenStopped(() => EndAsync(id, call).Ignore());
        return call;
    }

    /// <summary>It is known until it has ended: one that its caller has stopped must not be begun again by asking for it.</summary>
    private async Task EndAsync(string id, ILongCall call)
    {
        await call.DisposeAsync();
        calls.TryRemove(new(id, call));
    }
}
