namespace OrleansSqlite.Grains;

/// <summary>A call that goes on while nobody's message waits for it. Disposing of it stops it, and waits for its end.</summary>
internal interface ILongCall : IAsyncDisposable
{
    /// <summary>Its caller's wish to stop it.</summary>
    Task WithdrawAsync();
}

/// <summary>One with a result.</summary>
internal sealed class LongCall<T> : ILongCall, IProgress<TransferProgress>
{
    /// <summary>How long it goes on after it was last asked for: its caller may be gone, or ask another silo by now.</summary>
    private static readonly TimeSpan Abandoned = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stop;
    private readonly Task<T> work;
    private TransferProgress? progress;
    private volatile bool withdrawn;

    /// <summary>Begins it, off the grain's turn.</summary>
    public LongCall(TimeProvider time, Func<IProgress<TransferProgress>, CancellationToken, Task<T>> begin)
    {
        this.time = time;
        stop = new CancellationTokenSource(Abandoned, time);
        var stopped = stop.Token;
        work = Task.Run(() => begin(this, stopped), stopped);
    }

    /// <summary>Whether it has failed, or was stopped.</summary>
    public bool HasFailed => work.IsFaulted || work.IsCanceled;

    /// <summary>Whether it was stopped, and not by its caller: then it is to be begun again.</summary>
    private bool IsLost => work.IsCanceled && !withdrawn;

    /// <summary>Calls something once it is stopped: by its caller, or because nobody has asked for it any more.</summary>
    public void WhenStopped(Action action) => stop.Token.UnsafeRegister(_ => action(), null);

    /// <inheritdoc/>
    public void Report(TransferProgress value)
    {
        lock (gate)
        {
            progress = value;
        }
    }

    /// <summary>Its result or failure, or how far it is after that time.</summary>
    public async Task<Stage<T>> AskAsync(TimeSpan wait, CancellationToken cancellation)
    {
        stop.CancelAfter(Abandoned + wait);
        await ((Task)work).WaitAsync(wait, time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (work.IsCompleted && !IsLost)
        {
            return new Stage<T> { Result = await work, IsDone = true };
        }

        lock (gate)
        {
            return new Stage<T> { Progress = progress };
        }
    }

    /// <inheritdoc/>
    public Task WithdrawAsync()
    {
        withdrawn = true;
        return stop.CancelAsync();
    }

    /// <summary>The source is cancelled and not disposed of: it holds nothing then, and may still be asked for by who comes late.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
