namespace OrleansSqlite.Pages;

/// <summary>
/// How much all read-ahead of an engine may have in memory or on its way that nobody has wanted yet: an eighth of the page cache. It also
/// knows what is on its way, so that an engine is not disposed of under it.
/// </summary>
internal sealed class AheadBudget : IAsyncDisposable
{
    /// <summary>With room for less than four blocks there is no read-ahead: it would push out what it has just brought.</summary>
    private const long LeastBytes = LeastBlocks * Format.Limits.MaxBlockRawBytes;
    private const int LeastBlocks = 4;

    private readonly long limit;
    private readonly Lock gate = new();
    private readonly CancellationTokenSource closing = new();
    private TaskCompletionSource? idle;
    private long taken;
    private int underWay;

    /// <summary>Takes its share of a cache.</summary>
    public AheadBudget(long cacheBytes)
    {
        limit = cacheBytes / 8 >= LeastBytes ? cacheBytes / 8 : 0;
        Closing = closing.Token;
    }

    /// <summary>Whether there is any read-ahead.</summary>
    public bool IsUseful => limit > 0;

    /// <summary>What is taken at this moment, in bytes.</summary>
    public long TakenBytes => Volatile.Read(ref taken);

    /// <summary>The bound, in bytes.</summary>
    public long LimitBytes => limit;

    /// <summary>Cancelled when the engine is being disposed of.</summary>
    public CancellationToken Closing { get; }

    /// <summary>Takes room for some blocks, or for as many of them as there is room for, but not for a few of many: a request each would bring nothing.</summary>
    public int Take(int blocks, int blockBytes)
    {
        lock (gate)
        {
            int granted = (int)Math.Clamp((limit - taken) / blockBytes, 0, blocks);
            granted = granted < Math.Min(blocks, LeastBlocks) ? 0 : granted;
            taken += (long)granted * blockBytes;
            return granted;
        }
    }

    /// <summary>Gives room back: the bytes were wanted, or evicted, or never came.</summary>
    public void Give(long bytes)
    {
        lock (gate)
        {
            taken -= bytes;
        }
    }

    /// <summary>Something sets out. False if the engine is being disposed of.</summary>
    public bool TryBegin()
    {
        lock (gate)
        {
            if (idle is not null)
            {
                return false;
            }

            underWay++;
            return true;
        }
    }

    /// <summary>It has arrived, or failed.</summary>
    public void End()
    {
        lock (gate)
        {
            if (--underWay == 0)
            {
                idle?.TrySetResult();
            }
        }
    }

    /// <summary>Calls back what is on its way, and is done when nothing is any more.</summary>
    public async ValueTask DisposeAsync()
    {
        Task last;
        bool isFirst;
        lock (gate)
        {
            isFirst = idle is null;
            idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (underWay == 0)
            {
                idle.TrySetResult();
            }

            last = idle.Task;
        }

        if (isFirst)
        {
            await closing.CancelAsync().ConfigureAwait(false);
        }

        await last.ConfigureAwait(false);
        if (isFirst)
        {
            closing.Dispose();
        }
    }
}
