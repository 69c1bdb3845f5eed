using System.Buffers.Text;
using System.Globalization;
using System.Text;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Commit;

/// <summary>
/// How writers of different processes get on. A loser pauses at random, the longer the more often it lost (full jitter).
/// One that keeps losing raises its hand: it writes the object <c>waiting</c>, with the number of milliseconds that it needs to get
/// through. A writer that commits without a pause looks for raised hands now and then, and one that won only after several losses looks before its next:
/// the winner stands on the newest state already, so it would win again and again. One that loses now and then looks at every fourth time that it wins: several
/// of that kind are never at rest together, though none of them is hot. Who sees a hand leaves that much room.
/// All of this is advice: who ignores it costs others time, never data; nobody's caller waits for it.
/// </summary>
internal sealed class Courtesy(DatabaseContext context)
{
    private const int LossesToRaise = 4;
    private const int LossesOfARace = 2;
    private const int SwapsBetweenLooks = 8;
    private const int WinsBetweenLooks = 4;
    private static readonly TimeSpan MinPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxRoom = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan HandIsFresh = TimeSpan.FromSeconds(10);
    private static readonly byte[] Combine = "0 combine"u8.ToArray();
    private byte[]? raised;
    private bool contested;
    private long lastSwapEnded;
    private TimeSpan lastSwapTook;
    private long swapBegan;
    private long tryBegan;
    private int swapsInARow;
    private int winsSinceLook;
    private int lossesSinceLook;
    private Task<TimeSpan>? looking;
    private Task advice = Task.CompletedTask;

    /// <summary>Raised when somebody who has left a write in the inbox asks to have it carried.</summary>
    public event Action? AskedToCombine;

    /// <summary>Leaves room, if this writer is hot or has won a race, and somebody's hand is up.</summary>
    public async Task BeforeSwapAsync()
    {
        if (contested && looking is not null)
        {
            contested = false;
            await Task.WhenAny(looking, Task.Delay(lastSwapTook, context.Time)).ConfigureAwait(false);
        }

        if (looking is { IsCompleted: true })
        {
            var room = await looking.ConfigureAwait(false);
            looking = null;
            if (room > TimeSpan.Zero)
            {
                await Task.Delay(room < MaxRoom ? room : MaxRoom, context.Time).ConfigureAwait(false);
            }
        }

        swapBegan = context.Time.GetTimestamp();
        bool hot = lastSwapEnded != 0 && context.Time.GetElapsedTime(lastSwapEnded, swapBegan) < lastSwapTook / 2;
        swapsInARow = hot ? swapsInARow + 1 : 0;
        if (swapsInARow >= SwapsBetweenLooks)
        {
            swapsInARow = 0;
            looking ??= LookAsync(lastSwapTook, null);
        }
    }

    /// <summary>This writer got through: its hand goes down, and it looks for another one.</summary>
    /// <param name="losses">How often it lost before.</param>
    public void Won(int losses)
    {
        lastSwapEnded = context.Time.GetTimestamp();
        lastSwapTook = context.Time.GetElapsedTime(swapBegan, lastSwapEnded);
        winsSinceLook++;
        lossesSinceLook += losses;
        contested = losses >= LossesOfARace || (lossesSinceLook > 0 && winsSinceLook >= WinsBetweenLooks);
        if (contested)
        {
            winsSinceLook = lossesSinceLook = 0;
            looking = LookAsync(lastSwapTook, raised);
            raised = null;
        }
    }

    /// <summary>This writer tries again: it reads the head, runs, and swaps.</summary>
    public void Try() => tryBegan = context.Time.GetTimestamp();

    /// <summary>This writer lost again: raises its hand if that happens too often.</summary>
    public void Lost(int lossesInARow)
    {
        if (lossesInARow >= LossesToRaise && lossesInARow % LossesToRaise == 0)
        {
            // The room may begin while a try is under way that has lost already; the one after it gets through.
            var need = 2 * context.Time.GetElapsedTime(tryBegan) + lastSwapTook;
            byte[] note = raised = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{need.TotalMilliseconds:0} {context.Entropy.NextGuid()}"));
            Advise(cancellation => context.Store.WriteAsync(context.Keys.Waiting, note, cancellation));
        }
    }

    /// <summary>A write that was left is passed by: whoever is never at rest, so that nobody else gets through, may carry it.</summary>
    public void AskToCombine() => Advise(cancellation => context.Store.WriteAsync(context.Keys.Waiting, Combine, cancellation));

    /// <summary>The longest pause after that many losses. With its hand up a writer tries without rest: room is made for it now.</summary>
    public TimeSpan PauseAfter(int lossesInARow, TimeSpan swapTime)
    {
        if (lossesInARow <= 1)
        {
            return TimeSpan.Zero;
        }

        // However fast the store: rivals that never pause would only take turns at losing.
        swapTime = swapTime > MinPause ? swapTime : MinPause;
        var pause = raised is not null ? swapTime : swapTime * (1 << Math.Min(lossesInARow - 1, 10)) / 2;
        return pause < MaxPause ? pause : MaxPause;
    }

    /// <summary>
    /// How much room somebody else asks for; none if no other hand is up. A loser with ways as short as ours needs four swaps of ours at
    /// most. Our own hand goes down, if it is still there.
    /// </summary>
    private async Task<TimeSpan> LookAsync(TimeSpan swapTook, byte[]? ours)
    {
        await advice.ConfigureAwait(false);
        try
        {
            var found = await context.Store.ReadAsync(context.Keys.Waiting, null, CancellationToken.None).ConfigureAwait(false);
            bool isUp = found.Answer == ReadAnswer.Found
                && (found.Modified is not { } modified || found.Now is not { } now || now - modified < HandIsFresh);
            if (!isUp)
            {
                return TimeSpan.Zero;
            }

            if (ours is not null && found.Content.Span.SequenceEqual(ours))
            {
                await context.Store.DeleteAsync(context.Keys.Waiting, CancellationToken.None).ConfigureAwait(false);
                return TimeSpan.Zero;
            }

            if (found.Content.Span.SequenceEqual(Combine))
            {
                await context.Store.DeleteAsync(context.Keys.Waiting, CancellationToken.None).ConfigureAwait(false);
                AskedToCombine?.Invoke();
                return TimeSpan.Zero;
            }

            var least = swapTook * 4;
            return Utf8Parser.TryParse(found.Content.Span, out uint milliseconds, out _) && milliseconds > least.TotalMilliseconds
                ? TimeSpan.FromMilliseconds(milliseconds)
                : least;
        }
        catch (Exception)
        {
            // Only advice, whatever the store says.
            return TimeSpan.Zero;
        }
    }

    /// <summary>Sends advice, in order, without waiting for it.</summary>
    private void Advise(Func<CancellationToken, ValueTask> send) => advice = AdviseAsync(advice, send);

    private static async Task AdviseAsync(Task before, Func<CancellationToken, ValueTask> send)
    {
        await before.ConfigureAwait(false);
        try
        {
            await send(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Only advice, whatever the store says.
        }
    }
}
