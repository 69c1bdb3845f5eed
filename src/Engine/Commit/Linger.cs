namespace OrleansSqlite.Commit;

/// <summary>
/// How long to wait for company before a swap. Right after a swap its callers are about to come back: a short wait lets them all
/// into the next one, where otherwise two halves would alternate, each waiting out the other's round trip. It ends when they
/// have come, goes on only as long as they come fast enough to be here within the time of a swap, and is given up for a while when nobody comes.
/// </summary>
internal sealed class Linger(DatabaseContext context, Speculation speculation)
{
    private const int MaxSkips = 16;
    private const int Slices = 8;
    private static readonly TimeSpan MaxSwapTime = TimeSpan.FromSeconds(1);
    private int skips;
    private int skipLength = 1;

    /// <summary>How long a swap takes here: a moving average.</summary>
    public TimeSpan SwapTime { get; private set; }

    /// <summary>Takes a swap's duration into account; one that had to be resolved for long says nothing about the next.</summary>
    public void Observe(TimeSpan swap)
    {
        swap = swap < MaxSwapTime ? swap : MaxSwapTime;
        SwapTime = SwapTime == default ? swap : (SwapTime * 0.8) + (swap * 0.2);
    }

    /// <summary>Waits for those who were answered by the last swap to come back, on top of those who wait already.</summary>
    public async Task WaitAsync(int answered)
    {
        if (answered == 0)
        {
            return;
        }

        if (skips > 0)
        {
            skips--;
            return;
        }

        // Even if nobody waits yet: the first to come back would go alone, and all others after it.
        int waiting = speculation.StackedCount;
        var company = speculation.WhenStacked(answered + waiting);
        int here = waiting;
        for (int slice = 0; slice < Slices && !company.IsCompleted; slice++)
        {
            await WhenAsync(company, SwapTime / Slices).ConfigureAwait(false);
            int before = here;
            here = speculation.StackedCount;
            if ((here - before) * Slices < answered)
            {
                break;
            }
        }

        bool came = here > waiting + (answered / 2);
        skipLength = came ? 1 : Math.Min(MaxSkips, skipLength * 2);
        skips = came ? 0 : skipLength;
    }

    private async Task WhenAsync(Task company, TimeSpan atMost)
    {
        using var giveUp = new CancellationTokenSource();
        await Task.WhenAny(company, Task.Delay(atMost, context.Time, giveUp.Token)).ConfigureAwait(false);
        await giveUp.CancelAsync().ConfigureAwait(false);
    }
}
