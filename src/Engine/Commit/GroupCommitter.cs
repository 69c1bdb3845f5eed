using Microsoft.Extensions.Logging;
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
    private readonly Linger linger;
    private Task loop = Task.CompletedTask;
    private int running;
    private int losses;

    public GroupCommitter(
        DatabaseContext context, Speculation speculation, CommitPath path, HeadReader reader, WriteQueue queue, BackgroundFlush flushes)
    {
        this.context = context;
        this.speculation = speculation;
        this.path = path;
        this.reader = reader;
        this.queue = queue;
        this.flushes = flushes;
        courtesy = new Courtesy(context);
        linger = new Linger(context, speculation);
    }

    /// <summary>How often in a row this process has lost the race for this database.</summary>
    public int LossesInARow => Volatile.Read(ref losses);

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
            FailAll(Errors.FromStore(context.Name, e));
        }
        catch (DatabaseException e) when (e.Code == ErrorCodes.DatabaseNotFound)
        {
            speculation.Refuse(e);
            FailAll(e);
        }
        catch (DatabaseException e) when (e.Kind != ErrorKind.Internal)
        {
            FailAll(e);
        }
        catch (Exception e)
        {
            LogRefuses(context.Logger, e, context.Name);
            speculation.Refuse(e);
            FailAll(Errors.Refuses(context.Name, e));
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
        var end = await path.RunAsync(group, flushes.Ready).ConfigureAwait(false);
        linger.Observe(context.Time.GetElapsedTime(began));
        switch (end.Outcome)
        {
            case SwapOutcome.Landed:
                courtesy.Won();
                losses = 0;
                return await LandAsync(group, end).ConfigureAwait(false);
            case SwapOutcome.Lost:
                losses++;
                LogLost(context.Logger, context.Name, end.Version, group.Transactions.Length, losses);
                Metrics.Losses.Add(1);
                await RebaseAsync(end.Newer).ConfigureAwait(false);
                return 0;
            case SwapOutcome.Gone:
                var gone = Errors.Gone(context.Name);
                speculation.Refuse(gone);
                FailAll(gone);
                return 0;
            default:
                await DoubtAsync(group, Errors.OutcomeUnknown(context.Name, end.Version, end.Error)).ConfigureAwait(false);
                return 0;
        }
    }

    private async Task<int> LandAsync(Group group, CommitEnd end)
    {
        Metrics.Commits.Add(1);
        Metrics.Transactions.Add(group.Transactions.Length);
        if (end.Landed is { } landed)
        {
            speculation.Land(landed, end.Applied);
            Answer(group, end.Version);
            end.Applied?.Release();
            flushes.Begin(landed);
        }
        else
        {
            // Landed, and a rival has committed on top already, or the state could not be taken over: whatever was stacked on
            // ours runs again on what is there.
            speculation.Land(null, null);
            Answer(group, end.Version);
            await RebaseAsync(end.Newer).ConfigureAwait(false);
        }

        return group.Transactions.Length;
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
            throw Errors.NotFound(context.Name);
        }

        await RebaseAsync((reader.Decode(found), found.Tag)).ConfigureAwait(false);
        return 0;
    }

    /// <summary>
    /// Runs everything that was stacked again, on the newest state. The pause comes before the head is read, never between the
    /// reading and the swap: what counts in a race is how long one stands on an old state.
    /// </summary>
    private async Task RebaseAsync((Head Head, ETag Tag)? newer)
    {
        var lost = speculation.Lose();
        foreach (var transaction in lost)
        {
            transaction.Losses++;
        }

        queue.PutBack(lost);
        var pause = courtesy.PauseAfter(losses, linger.SwapTime);
        if (pause > TimeSpan.Zero)
        {
            await context.PauseAsync(pause).ConfigureAwait(false);
            newer = null;
        }

        await courtesy.LostAsync(losses).ConfigureAwait(false);
        await queue.ReloadAsync(newer).ConfigureAwait(false);
    }

    /// <summary>Nobody knows what became of the group; what was stacked on it has not left this process and runs again.</summary>
    private async Task DoubtAsync(Group group, DatabaseException unknown)
    {
        var stacked = speculation.Lose();
        foreach (var transaction in group.Transactions)
        {
            transaction.Fail(unknown);
        }

        queue.PutBack(stacked[group.Transactions.Length..]);
        await queue.ReloadAsync(null).ConfigureAwait(false);
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

    /// <summary>Fails everything that was stacked. Later writes begin with a fresh look at the head.</summary>
    private void FailAll(DatabaseException error)
    {
        foreach (var transaction in speculation.Lose())
        {
            transaction.Fail(error);
        }

        queue.Kick();
    }

    [LoggerMessage(20, LogLevel.Debug, "Lost the race for version {Version} of {Database}: {Transactions} transactions run again ({Losses} in a row)")]
    private static partial void LogLost(ILogger logger, string database, long version, int transactions, int losses);

    [LoggerMessage(21, LogLevel.Critical, "{Database} refuses writes until it is opened again")]
    private static partial void LogRefuses(ILogger logger, Exception error, string database);
}
