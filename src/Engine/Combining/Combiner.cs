using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Combining;

/// <summary>
/// Carries what lies in the inbox: each transaction takes its turn in the queue of this process like the process's own, and they go out with its
/// next swap. While that is under way the next ones are read. Goes on as long as there are some, and ends when another one does the same.
/// </summary>
internal sealed class Combiner(DatabaseContext context, Speculation speculation, WriteQueue queue, Inbox inbox, LeftWrites left)
{
    private const int MaxEntries = 256;
    private const int IdleRounds = 3;
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private readonly HashSet<InboxId> running = [];
    private readonly HashSet<InboxId> passedOver = [];
    private readonly List<string> spent = [];
    private Task loop = Task.CompletedTask;
    private Task takingAway = Task.CompletedTask;
    private TaskCompletionSource changed = NewSource();
    private bool isRunning;
    private long began;
    private bool isOvertaken;
    private bool hasCompany;
    private bool isGuess;
    private long companyAt;

    /// <summary>Whether it is at it.</summary>
    public bool IsRunning => Volatile.Read(ref isRunning);

    /// <summary>Whether it has found others' writes a moment ago, so that more of them may come.</summary>
    public bool HadCompany => Volatile.Read(ref companyAt) is not 0 and var had && context.Time.GetElapsedTime(had) < Memory;

    /// <summary>Sees to it that what lies in the inbox is carried.</summary>
    /// <param name="guess">Whether nothing says that anything lies there, so that it says nothing either if nothing does.</param>
    public void Wake(bool guess = false)
    {
        lock (gate)
        {
            if (!isRunning && speculation.Refusal is null)
            {
                isRunning = true;
                isGuess = guess;
                loop = Task.Run(RunAsync);
            }
        }
    }

    /// <summary>Done when nothing is carried any more.</summary>
    public Task WhenIdleAsync() => loop;

    private async Task RunAsync()
    {
        (began, isOvertaken, hasCompany) = (speculation.Current?.Version ?? 0, false, false);
        using var stop = new CancellationTokenSource();
        try
        {
            for (int idle = 0; !isOvertaken && speculation.Refusal is null;)
            {
                var pace = Task.Delay(left.SwapTime, context.Time);
                idle = await BeginNextAsync(stop.Token).ConfigureAwait(false) ? 0 : idle + 1;
                if (!hasCompany || idle == IdleRounds)
                {
                    break;
                }

                await pace.ConfigureAwait(false);
                takingAway = takingAway.IsCompleted ? TakeAwayAsync() : takingAway;
            }
        }
        finally
        {
            if (isOvertaken)
            {
                // By somebody who carries them, too.
                await stop.CancelAsync().ConfigureAwait(false);
            }

            await WhenEndedAsync().ConfigureAwait(false);
            await takingAway.ConfigureAwait(false);
            await TakeAwayAsync().ConfigureAwait(false);
            if (!hasCompany && !isGuess)
            {
                // Nor is there a point in leaving anything where nobody can list it.
                left.Crowd.IsSmall();
            }

            Volatile.Write(ref isRunning, false);
        }
    }

    /// <summary>Begins with what is new. Gives whether there was anything.</summary>
    private async Task<bool> BeginNextAsync(CancellationToken stop)
    {
        bool any = false;
        HashSet<InboxId> own = [];
        foreach (var write in left.All)
        {
            own.Add(write.Entry.Id);
            any |= TryBegin(write.Entry.Id) && Queue(write.Entry, InboxTask.CarryOwn, stop, () => write.IsWaiting);
        }

        // Ours are carried even where the inbox can't be listed.
        if (await inbox.TryListAsync().ConfigureAwait(false) is not { } listed)
        {
            hasCompany = false;
            return any;
        }

        bool isIdle;
        lock (gate)
        {
            passedOver.IntersectWith(listed.Select(static one => one.Id));
            isIdle = running.Count == 0;
        }

        List<Task> reading = [];
        var together = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var (id, written) in listed)
        {
            if (own.Contains(id))
            {
                continue;
            }

            hasCompany = true;
            Volatile.Write(ref companyAt, context.Time.GetTimestamp());
            if (TryBegin(id))
            {
                var read = inbox.TryReadAsync(id);
                reading.Add(read);
                _ = QueueAsync(read, together.Task, id, written, stop);
            }
        }

        // If no swap is under way, the first that is here would go alone, and all others after it. Nor does anybody wait for the slowest.
        var start = isIdle ? Task.WhenAny(Task.WhenAll(reading), Task.Delay(left.SwapTime, context.Time, stop)) : Task.CompletedTask;
        _ = start.ContinueWith(_ => together.SetResult(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return any || reading.Count > 0;
    }

    private async Task QueueAsync(Task<InboxEntry?> reading, Task together, InboxId id, DateTimeOffset written, CancellationToken stop)
    {
        var entry = await reading.ConfigureAwait(false);
        await together.ConfigureAwait(false);
        if (entry is not null && IsWanted(entry, written))
        {
            Queue(entry, InboxTask.Carry, stop);
        }
        else
        {
            PassOver(id);
        }
    }

    private bool TryBegin(InboxId id)
    {
        lock (gate)
        {
            return running.Count < MaxEntries && !passedOver.Contains(id) && running.Add(id);
        }
    }

    /// <summary>Whether somebody still waits for it. What nobody waits for is taken away.</summary>
    private bool IsWanted(InboxEntry entry, DateTimeOffset written)
    {
        if (speculation.Current?.Head is not { } head)
        {
            return false;
        }

        var age = TimeSpan.FromMilliseconds(context.StoreClock.EarliestMs() - written.ToUnixTimeMilliseconds());
        bool isWanted = entry.DatabaseId == head.DatabaseId
            && entry.CollectionEpoch == head.CollectionEpoch
            && age < TimeSpan.FromSeconds(entry.LifetimeSeconds);
        if (!isWanted)
        {
            lock (gate)
            {
                spent.Add(context.Keys.InboxEntry(entry.Id));
            }
        }

        return isWanted;
    }

    private bool Queue(InboxEntry entry, InboxTask task, CancellationToken stop, Func<bool>? isWaiting = null)
    {
        var transaction = new InboxTransaction(entry, task, Ended, stop) { IsWaiting = isWaiting };
        try
        {
            queue.Add(transaction);
            return true;
        }
        catch (Exception e) when (e is DatabaseException or ObjectDisposedException)
        {
            transaction.Fail(e);
            return false;
        }
    }

    /// <summary>It can't be read here, or nobody waits for it: it is not read again as long as it lies there.</summary>
    private void PassOver(InboxId id)
    {
        TaskCompletionSource wake;
        lock (gate)
        {
            running.Remove(id);
            passedOver.Add(id);
            (wake, changed) = (changed, NewSource());
        }

        wake.SetResult();
    }

    private void Ended(InboxTransaction transaction)
    {
        TaskCompletionSource wake;
        lock (gate)
        {
            running.Remove(transaction.Entry.Id);
            if (transaction.Outcome is not null)
            {
                // Its outcome is durable: only now may it go.
                spent.Add(context.Keys.InboxEntry(transaction.Entry.Id));
                passedOver.Add(transaction.Entry.Id);
                isOvertaken |= transaction.WasDecided && transaction.Outcome.Version > began;
            }

            (wake, changed) = (changed, NewSource());
        }

        left.Tell(transaction);
        wake.SetResult();
    }

    private async Task WhenEndedAsync()
    {
        while (true)
        {
            Task change;
            lock (gate)
            {
                if (running.Count == 0)
                {
                    return;
                }

                change = changed.Task;
            }

            await change.ConfigureAwait(false);
        }
    }

    private async Task TakeAwayAsync()
    {
        string[] keys;
        lock (gate)
        {
            keys = [.. spent];
            spent.Clear();
        }

        if (keys.Length > 0)
        {
            await inbox.DeleteAsync(keys).ConfigureAwait(false);
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
