using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansSqlite.Combining;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Commit;

/// <summary>
/// Carries what is stacked to the store, one swap at a time: everything that piled up during the last round trip goes into the
/// next one. Answers the callers after their swap has landed (invariant 4), or sends them back to run again.
/// </summary>
internal sealed partial class GroupCommitter
{
    private readonly DatabaseContext context;
    private readonly Speculation speculation;
    private readonly CommitPath path;
    private readonly HeadReader reader;
    private readonly WriteQueue queue;
    private readonly Courtesy courtesy;
    private readonly BackgroundFlush flushes;
    private readonly BackgroundCompaction compactions;
    private readonly Linger linger;
    private readonly LeftWrites left;
    private readonly Leaving leaving;
    private Task loop = Task.CompletedTask;
    private int running;
    private int losses;

    public GroupCommitter(
        DatabaseContext context, Speculation speculation, CommitPath path, HeadReader reader, WriteQueue queue, BackgroundFlush flushes, BackgroundCompaction compactions, LeftWrites left, Leaving leaving)
    {
        this.context = context;
        this.speculation = speculation;
        this.path = path;
        this.reader = reader;
        this.queue = queue;
        this.flushes = flushes;
        this.compactions = compactions;
        this.left = left;
        this.leaving = leaving;
        courtesy = new Courtesy(context);
        courtesy.AskedToCombine += () => left.Combiner.Wake();
        left.PassedBy += courtesy.AskToCombine;
        linger = new Linger(context, speculation);
    }

    /// <summary>How many swaps in a row were lost.</summary>
    public int LossesInARow => Volatile.Read(ref losses);

    /// <summary>Raised when a swap has landed that began at that time: its head was current after it.</summary>
    public event Action<long>? Landed;

    /// <summary>Something was stacked: makes sure that somebody carries it.</summary>
    public void Wake()
    {
        if (Interlocked.CompareExchange(ref running, 1, 0) == 0)
        {
            loop = Task.Run(RunAsync);
        }
    }

    /// <summary>Done when nothing is carried any more.</summary>
    public async Task WhenIdleAsync()
    {
        while (Volatile.Read(ref running) != 0)
        {
            await loop.ConfigureAwait(false);
            await Task.Yield();
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            int answered = 0;
            while (true)
            {
                await linger.WaitAsync(answered).ConfigureAwait(false);
                if (speculation.Take() is not { } group)
                {
                    break;
                }

                answered = await CarryAsync(group).ConfigureAwait(false);
            }

            Volatile.Write(ref running, 0);
            if (speculation.StackedCount == 0 || Interlocked.CompareExchange(ref running, 1, 0) != 0)
            {
                return;
            }
        }
    }

    /// <summary>Carries one group to its end, whatever that is. Gives the number of transactions that were answered.</summary>
    private async Task<int> CarryAsync(Group group)
    {
        try
        {
            return group.HasChanges
                ? await CommitAsync(group).ConfigureAwait(false)
                : await ConfirmAsync(group).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            // Refused, or a segment could not be uploaded: nothing has happened, and the next write may succeed.
            GiveUp(group, Errors.FromStore(context.Name, e));
        }
        catch (DatabaseException e) when (e.Code == ErrorCodes.SnapshotTooOld)
        {
            // This process stood still for longer than the history is kept: others have committed since.
            losses++;
            await RunAgainAsync(null).ConfigureAwait(false);
        }
        catch (DatabaseException e) when (e.Kind != ErrorKind.Internal)
        {
            GiveUp(group, e);
        }
        catch (Exception e)
        {
            // A broken invariant is found before anything is sent; of all else nobody knows what has happened.
            LogRefuses(context.Logger, e, context.Name);
            speculation.Refuse(e);
            GiveUp(group, e as DatabaseException ?? Errors.OutcomeUnknown(context.Name, group.Base.Version + 1, e));
        }
        finally
        {
            group.Release();
        }

        return 0;
    }

    private async Task<int> CommitAsync(Group group)
    {
        await courtesy.BeforeSwapAsync().ConfigureAwait(false);
        long began = context.Time.GetTimestamp();
        var end = await path.RunAsync(group, flushes.Ready, compactions.Ready).ConfigureAwait(false);
        linger.Observe(context.Time.GetElapsedTime(began));
        left.Observe(context.Time.GetElapsedTime(began), end.Outcome == SwapOutcome.Landed);
        switch (end.Outcome)
        {
            case SwapOutcome.Landed:
                courtesy.Won(losses);
                left.Won(end.Version, losses);
                losses = 0;
                return await LandAsync(group, end, began).ConfigureAwait(false);
            case SwapOutcome.Lost:
                losses++;
                LogLost(context.Logger, context.Name, end.Version, group.Transactions.Length, losses);
                Metrics.Losses.Add(1);
                await RunAgainAsync(end.Newer).ConfigureAwait(false);
                return 0;
            case SwapOutcome.Gone:
                var gone = Errors.Gone(context.Name);
                speculation.Refuse(gone);
                GiveUp(group, gone);
                return 0;
            default:
                GiveUp(group, Errors.OutcomeUnknown(context.Name, end.Version, end.Error));
                return 0;
        }
    }

    private async Task<int> LandAsync(Group group, CommitEnd end, long began)
    {
        Metrics.Commits.Add(1);
        Metrics.Transactions.Add(group.Transactions.Length);
        left.Crowd.Landed(end.Version);
        if (end.Landed is { } landed)
        {
            // Held until the flush has its own share: once it is installed, a reader may put a newer head in its place at any moment.
            landed.Snapshot.Share();
            try
            {
                speculation.Land(landed, end.Applied);
                Landed?.Invoke(began);
                Answer(group, end.Version);
                end.Applied?.Release();
                flushes.Begin(landed);
                compactions.Begin(landed);
            }
            finally
            {
                landed.Snapshot.Release();
            }
        }
        else
        {
            // Landed, and a rival has committed on top already, or the state could not be taken over: whatever was stacked on
            // ours runs again on what is there.
            queue.Hold();
            speculation.Land(null, null);
            Answer(group, end.Version);
            await RunAgainAsync(end.Newer).ConfigureAwait(false);
        }

        return group.Transactions.Count(static transaction => transaction.HasCaller);
    }

    /// <summary>
    /// A group that changed nothing was told something all the same (no rows, an error). That counts if the state it saw was
    /// current after it ran: one conditional GET says so.
    /// </summary>
    private async Task<int> ConfirmAsync(Group group)
    {
        var found = await reader.ReadAsync(group.Base.Tag, CancellationToken.None).ConfigureAwait(false);
        if (found.Answer == ReadAnswer.NotModified)
        {
            speculation.Land(null, null);
            Answer(group, group.Base.Version);
            return group.Transactions.Length;
        }

        if (found.Answer == ReadAnswer.Missing)
        {
            var gone = Errors.Gone(context.Name);
            speculation.Refuse(gone);
            throw gone;
        }

        await RunAgainAsync((reader.Decode(found), found.Tag)).ConfigureAwait(false);
        return 0;
    }

    /// <summary>
    /// Runs everything that was stacked again, on the newest state. The pause comes before the head is read, never between the
    /// reading and the swap: what counts in a race is how long one stands on an old state.
    /// </summary>
    private async Task RunAgainAsync((Head Head, ETag Tag)? newer)
    {
        queue.Hold();
        var (carried, stacked) = speculation.Lose();
        ImmutableArray<WriteTransaction> lost = [.. carried, .. stacked];
        foreach (var transaction in lost)
        {
            transaction.Losses++;
        }

        if (leaving.TryLeave(lost, losses))
        {
            // Nothing of ours needs the newest head; who comes next reads it.
            if (newer is null)
            {
                queue.Resume();
            }
            else
            {
                await queue.ReloadAsync(newer).ConfigureAwait(false);
            }

            return;
        }

        queue.PutBack(lost);
        courtesy.Lost(losses);
        var pause = courtesy.PauseAfter(losses, linger.SwapTime);
        if (pause > TimeSpan.Zero)
        {
            await context.PauseAsync(pause).ConfigureAwait(false);
            newer = null;
        }

        courtesy.Try();
        await queue.ReloadAsync(newer).ConfigureAwait(false);
    }

    /// <summary>
    /// Tells the group that it failed. What was stacked on it has not left this process and runs again, after a fresh look at the head.
    /// </summary>
    private void GiveUp(Group group, DatabaseException error)
    {
        queue.Hold();
        var (_, stacked) = speculation.Lose();
        foreach (var transaction in group.Transactions)
        {
            transaction.Fail(error);
        }

        queue.PutBack(stacked);
        queue.Resume();
    }

    private static void Answer(Group group, long made)
    {
        int lastChange = group.Transactions.Length - 1;
        while (lastChange >= 0 && group.Transactions[lastChange].Pages is null)
        {
            lastChange--;
        }

        for (int i = 0; i < group.Transactions.Length; i++)
        {
            // Who changed nothing in the middle of a group saw neither the base nor the whole group. It is told the base: a write that
            // expects this version is then refused, where one that expected the group's would overwrite changes that were never seen.
            var transaction = group.Transactions[i];
            long version = transaction.Pages is null && i < lastChange ? group.Base.Version : made;
            if (transaction.Verdict is { } verdict)
            {
                transaction.Fail(verdict);
            }
            else
            {
                transaction.Complete(version);
            }
        }
    }

    [LoggerMessage(20, LogLevel.Debug, "Lost the race for version {Version} of {Database}: {Transactions} transactions run again ({Losses} in a row)")]
    private static partial void LogLost(ILogger logger, string database, long version, int transactions, int losses);

    [LoggerMessage(21, LogLevel.Critical, "{Database} refuses writes until it is opened again")]
    private static partial void LogRefuses(ILogger logger, Exception error, string database);
}
