using OrleansSqlite.Stores;

namespace OrleansSqlite.Commit;

/// <summary>
/// How writers of different processes get on. A loser pauses at random, the longer the more often it lost (full jitter).
/// One that keeps losing raises its hand: it writes the object <c>waiting</c>. A writer that commits without a pause looks for
/// raised hands now and then, and leaves room for a few round trips when it sees one. All of this is advice: who ignores it
/// costs others time, never data.
/// </summary>
internal sealed class Courtesy(DatabaseContext context)
{
    private const int LossesToRaise = 4;
    private const int SwapsBetweenLooks = 16;
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HandIsFresh = TimeSpan.FromSeconds(10);
    private bool raised;
    private long lastSwapEnded;
    private TimeSpan lastSwapTook;
    private long swapBegan;
    private int swapsInARow;
    private Task<bool>? looking;

    /// <summary>Leaves room, if this writer is hot and somebody's hand is up.</summary>
    public async Task BeforeSwapAsync()
    {
        if (looking is { IsCompleted: true })
        {
            bool hand = await looking.ConfigureAwait(false);
            looking = null;
            if (hand)
            {
                // A loser needs a read and a swap to get through; twice that, so that it may start at the worst moment.
                await Task.Delay(lastSwapTook * 4, context.Time).ConfigureAwait(false);
            }
        }

        swapBegan = context.Time.GetTimestamp();
        bool hot = lastSwapEnded != 0 && context.Time.GetElapsedTime(lastSwapEnded, swapBegan) < lastSwapTook / 2;
        swapsInARow = hot ? swapsInARow + 1 : 0;
        if (swapsInARow >= SwapsBetweenLooks)
        {
            swapsInARow = 0;
            looking ??= LookAsync();
        }
    }

    /// <summary>This writer got through: its hand goes down, which nobody waits for.</summary>
    public void Won()
    {
        lastSwapEnded = context.Time.GetTimestamp();
        lastSwapTook = context.Time.GetElapsedTime(swapBegan, lastSwapEnded);
        if (raised)
        {
            raised = false;
            _ = AdviseAsync(cancellation => context.Store.DeleteAsync(context.Keys.Waiting, cancellation));
        }
    }

    /// <summary>This writer lost again: raises its hand if that happens too often.</summary>
    public async Task LostAsync(int lossesInARow)
    {
        if (lossesInARow >= LossesToRaise && lossesInARow % LossesToRaise == 0)
        {
            raised = true;
            byte[] note = System.Text.Encoding.ASCII.GetBytes(context.Entropy.NextGuid().ToString());
            await AdviseAsync(cancellation => context.Store.WriteAsync(context.Keys.Waiting, note, cancellation)).ConfigureAwait(false);
        }
    }

    /// <summary>The longest pause after that many losses. With its hand up a writer tries without rest: room is made for it now.</summary>
    public TimeSpan PauseAfter(int lossesInARow, TimeSpan swapTime)
    {
        if (lossesInARow <= 1)
        {
            return TimeSpan.Zero;
        }

        var pause = raised ? swapTime : swapTime * (1 << Math.Min(lossesInARow - 1, 10)) / 2;
        return pause < MaxPause ? pause : MaxPause;
    }

    private async Task<bool> LookAsync()
    {
        try
        {
            var found = await context.Store.ReadAsync(context.Keys.Waiting, null, CancellationToken.None).ConfigureAwait(false);
            return found.Answer == ReadAnswer.Found
                && (found.Modified is not { } modified || found.Now is not { } now || now - modified < HandIsFresh);
        }
        catch (StoreException)
        {
            return false;
        }
    }

    private static async Task AdviseAsync(Func<CancellationToken, ValueTask> action)
    {
        try
        {
            await action(CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException)
        {
            // Only advice.
        }
    }
}
