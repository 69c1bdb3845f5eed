using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Reads;
using OrleansSqlite.Stores;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Combining;

/// <summary>
/// The writes of this process that lie in the inbox. Each waits on the head until a version says what became of it. If nobody gets on, its owner
/// carries it, and whatever else lies there; if it is given up, a commit says so first.
/// </summary>
internal sealed partial class LeftWrites
{
    private const int SwapsBetweenGuesses = 4;
    private const int SwapsBeforeHand = 8;
    private const int SwapsBeforeOwnTry = 30;
    private const int LooksBeforeCount = 3;
    private const int FewLeft = 2;
    private const int MaxRank = 8;

    /// <summary>How many swaps' times pass until it is worth a look what became of a write: learned, so that the first look mostly finds it.</summary>
    private const double InitialPatience = 5.5, MinPatience = 2, MaxPatience = 8, Sooner = 0.8, Later = 1.15;

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan WithdrawalTime = TimeSpan.FromSeconds(10);
    private readonly DatabaseContext context;
    private readonly Speculation speculation;
    private readonly WriteQueue queue;
    private readonly Inbox inbox;
    private readonly Combiner combiner;
    private readonly LeftAnswers answers;
    private readonly OutcomeLook outcomes;
    private readonly SwapPace pace = new();
    private readonly ConcurrentDictionary<InboxId, LeftWrite> left = new();
    private readonly TaskCompletionSource closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool isRefused;
    private Task following = Task.CompletedTask;
    private double patience = InitialPatience;

    public LeftWrites(
        DatabaseContext context, EngineThreads threads, Speculation speculation, WriteQueue queue, ReadPool pool, Func<Task<DurableHead>> look)
    {
        this.context = context;
        this.speculation = speculation;
        this.queue = queue;
        outcomes = new OutcomeLook(threads, pool, look);
        inbox = new Inbox(context);
        Crowd = new Crowd(context);
        answers = new LeftAnswers(context, speculation, queue, inbox, Crowd, left);
        combiner = new Combiner(context, speculation, queue, inbox, this);
    }

    /// <summary>Whether so many write that it is worth it.</summary>
    public Crowd Crowd { get; }

    /// <summary>Carries what lies in the inbox.</summary>
    public Combiner Combiner => combiner;

    /// <summary>Raised when a hand is to be raised: a writer that is never at rest has passed a write by.</summary>
    public event Action? PassedBy;

    /// <summary>How long a swap takes here, about.</summary>
    public TimeSpan SwapTime => pace.Time;

    /// <summary>The writes that lie in the inbox and are not answered, oldest first.</summary>
    public IEnumerable<LeftWrite> All => left.Values.OrderBy(static write => write.Entry.Id);

    /// <summary>
    /// A swap of this process has won. If it had lost before, others have lost to it now: what they leave is carried by its next swap. If it has carried
    /// others' writes a moment ago, they may leave more, and see it get on without them.
    /// </summary>
    /// <param name="version">The version that it made.</param>
    /// <param name="losses">How many swaps it lost before.</param>
    public void Won(long version, int losses)
    {
        if (!CanLeave)
        {
            return;
        }

        if (losses > 0)
        {
            following = following.IsCompleted ? FollowAsync(version) : following;
        }
        else if (combiner.HadCompany && version % SwapsBetweenGuesses == 0)
        {
            combiner.Wake(guess: true);
        }
    }

    /// <summary>Takes a swap's duration into account.</summary>
    public void Observe(TimeSpan took, bool landed) => pace.Observe(took, landed);

    /// <summary>Ends the waiting: what became of those that are left is then not known. Done when nobody waits any more.</summary>
    public async Task CloseAsync()
    {
        closing.TrySetResult();
        await Task.WhenAll(left.Values.Select(static write => write.Answered)).ConfigureAwait(false);
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await combiner.WhenIdleAsync().ConfigureAwait(false);
    }

    /// <summary>A transaction from the inbox that ran here has come to its end: if it is ours, its caller is answered.</summary>
    public void Tell(InboxTransaction ended)
    {
        if (!left.TryGetValue(ended.Entry.Id, out var write))
        {
            return;
        }

        if (ended.Outcome is { } outcome)
        {
            _ = answers.GiveAsync(write, outcome, ended.Results);
        }
        else if (ended.Error is DatabaseException { Kind: ErrorKind.Corrupt } damage)
        {
            // Trying again would not help, and its caller should know.
            write.Damage = damage;
        }
    }

    /// <summary>Whether anything can be left now. Who carries others' writes carries its own as well.</summary>
    public bool CanLeave => context.Options.Combine && !isRefused && !closing.Task.IsCompleted && !combiner.IsRunning;

    /// <summary>Leaves writes: all of them, or none if one is too large.</summary>
    /// <param name="writes">What they do, and what their callers were told of it.</param>
    /// <param name="known">The newest head that is known.</param>
    /// <param name="version">A higher one shows that somebody gets on.</param>
    public bool TryLeave(IReadOnlyList<(ILeavable Write, Batch Batch, Telling? Telling)> writes, Head known, long version)
    {
        // Not before the newest commit that is known, whatever this machine's clock shows: what is old is forgotten.
        long now = Math.Max(context.StoreClock.LatestMs(), known.CommittedAtMs);
        List<(LeftWrite Write, byte[] Content)> leaving = [];
        foreach (var (write, batch, telling) in writes)
        {
            var entry = new InboxEntry
            {
                Id = InboxId.Create(now, context.Entropy),
                DatabaseId = known.DatabaseId,
                CollectionEpoch = known.CollectionEpoch,
                LifetimeSeconds = (uint)Math.Ceiling(Longest.TotalSeconds),
                Batch = batch,
                Telling = telling,
            };
            if (entry.TryEncode() is not { } content)
            {
                return false;
            }

            leaving.Add((new LeftWrite(write, entry), content));
        }

        foreach (var (write, content) in leaving)
        {
            Crowd.Meet();
            write.Transaction.LeftAs = new LeftAs(write.Entry.Id, write.Entry.CollectionEpoch);
            left[write.Entry.Id] = write;
            _ = RunAsync(write, content, version);
        }

        return true;
    }

    /// <summary>How many lie before it; -1 if it is gone.</summary>
    private async Task<int> RankAsync(LeftWrite write) =>
        await inbox.TryListAsync().ConfigureAwait(false) is { } listed ? listed.FindIndex(one => one.Id == write.Entry.Id) : 0;

    private async Task<int> CountAsync() => (await inbox.TryListAsync().ConfigureAwait(false))?.Count ?? int.MaxValue;

    /// <summary>Carries what lies there, unless somebody has got on while we looked.</summary>
    private async Task TakeOverAsync(long known)
    {
        if (await outcomes.TryLookAsync().ConfigureAwait(false) is { } head)
        {
            head.Snapshot.Release();
            if (head.Version == known)
            {
                combiner.Wake();
            }
        }
    }

    /// <summary>After a while, for who has just lost has not left anything yet. Whoever has won meanwhile does it in our place.</summary>
    private async Task FollowAsync(long version)
    {
        await Task.Delay(SwapTime, context.Time).ConfigureAwait(false);
        if (!closing.Task.IsCompleted)
        {
            await TakeOverAsync(version).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(LeftWrite write, byte[] content, long known)
    {
        try
        {
            await WriteAsync(write, content).ConfigureAwait(false);
            await WaitAsync(write, known).ConfigureAwait(false);
        }
        catch (DatabaseException e) when (e.Code is ErrorCodes.DatabaseGone or ErrorCodes.DatabaseNotFound)
        {
            answers.Fail(write, e);
        }
        catch (Exception e)
        {
            LogLost(context.Logger, e, context.Name);
            answers.FailUnknown(write, e);
        }
    }

    /// <summary>Writes the object. Once that was tried, only its id decides: an answer that is lost may hide that it lies there.</summary>
    private async Task WriteAsync(LeftWrite write, byte[] content)
    {
        try
        {
            await inbox.WriteAsync(write.Entry, content).ConfigureAwait(false);
        }
        catch (StoreException e) when (e.Failure is StoreFailure.Denied or StoreFailure.Misconfigured or StoreFailure.Full)
        {
            // No more of them. This one may lie there all the same: an earlier copy of the request may have come through.
            isRefused = true;
            combiner.Wake();
        }
        catch (StoreException)
        {
            // Its owner carries it if nobody else does.
        }

        await context.PassAsync(CommitPoint.Left).ConfigureAwait(false);
    }

    private async Task WaitAsync(LeftWrite write, long known)
    {
        int looks = 0;
        var hand = SwapTime * SwapsBeforeHand;
        var ownTry = (SwapTime * SwapsBeforeOwnTry) + context.Entropy.Jitter(SwapTime * SwapsBeforeOwnTry);
        bool isDue = false;
        var pause = (SwapTime * patience) + context.Entropy.Jitter(SwapTime);
        while (await RestAsync(write, pause).ConfigureAwait(false))
        {
            pause = (SwapTime * 0.4) + context.Entropy.Jitter(SwapTime * 0.8);
            if (IsGivenUp(write))
            {
                await WithdrawAsync(write).ConfigureAwait(false);
                return;
            }

            if (await outcomes.TryLookAsync().ConfigureAwait(false) is not { } head)
            {
                continue;
            }

            looks++;
            var (version, outcome) = await outcomes.FindAsync(head, write.Entry.Id).ConfigureAwait(false);
            if (outcome is not null)
            {
                patience = Math.Clamp(patience * (looks == 1 ? Sooner : Later), MinPatience, MaxPatience);
                await answers.GiveAsync(write, outcome, null).ConfigureAwait(false);
                return;
            }

            bool getsOn = version > known;
            known = version;
            if (combiner.IsRunning)
            {
                continue;
            }

            if (looks == LooksBeforeCount && await CountAsync().ConfigureAwait(false) <= FewLeft)
            {
                // Hardly anybody leaves anything: there was no crowd.
                Crowd.IsSmall();
                combiner.Wake();
            }
            else if (getsOn)
            {
                // Most probably with this one, too.
                isDue = false;
                var age = Age(write);
                if (age > hand)
                {
                    hand = age + (SwapTime * SwapsBeforeHand);
                    PassedBy?.Invoke();
                }

                if (age > ownTry)
                {
                    ownTry = age + (SwapTime * SwapsBeforeOwnTry);
                    combiner.Wake();
                }
            }
            else if (isDue)
            {
                isDue = false;
                combiner.Wake();
            }
            else if (await RankAsync(write).ConfigureAwait(false) is not 0 and var rank)
            {
                // Those before us first; who of them has died is not known. If ours is gone, somebody has carried it, or it never came there.
                isDue = true;
                pause += SwapTime * 2 * Math.Clamp(rank, 0, MaxRank);
            }
            else
            {
                await TakeOverAsync(known).ConfigureAwait(false);
            }
        }

        answers.FailUnknown(write, new ObjectDisposedException(context.Name));
    }

    /// <summary>False if the database is closed meanwhile.</summary>
    private async Task<bool> RestAsync(LeftWrite write, TimeSpan pause)
    {
        using var wake = CancellationTokenSource.CreateLinkedTokenSource(write.Transaction.Cancellation);
        await Task.WhenAny(write.Answered, closing.Task, Task.Delay(pause, context.Time, wake.Token)).ConfigureAwait(false);
        await wake.CancelAsync().ConfigureAwait(false);
        return !write.Answered.IsCompleted && !closing.Task.IsCompleted;
    }

    private bool IsGivenUp(LeftWrite write) =>
        write.Damage is not null || write.Transaction.Cancellation.IsCancellationRequested || Age(write) > Longest;

    private TimeSpan Age(LeftWrite write) => context.Time.GetElapsedTime(write.Transaction.QueuedAt);

    /// <summary>Gives a write up. Whoever runs it from now on finds that it is not to take effect; until that is durable nobody knows.</summary>
    private async Task WithdrawAsync(LeftWrite write)
    {
        write.IsGivenUp = true;
        var done = new TaskCompletionSource<InboxTransaction>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var patience = new CancellationTokenSource(WithdrawalTime, context.Time);
        try
        {
            queue.Add(new InboxTransaction(write.Entry, InboxTask.Withdraw, done.SetResult, patience.Token));
        }
        catch (Exception e) when (e is DatabaseException or ObjectDisposedException)
        {
            answers.FailUnknown(write, e);
            return;
        }

        var ended = await done.Task.ConfigureAwait(false);
        if (ended.Outcome is { } outcome)
        {
            await answers.GiveAsync(write, outcome, ended.Results).ConfigureAwait(false);
        }
        else
        {
            answers.FailUnknown(write, ended.Error);
        }
    }

    /// <summary>How long a write may wait.</summary>
    private TimeSpan Longest => context.Options.RetryTime < Lifetime ? context.Options.RetryTime : Lifetime;

    [LoggerMessage(60, LogLevel.Error, "What became of a write to {Database} that was left to others could not be found out")]
    private static partial void LogLost(ILogger logger, Exception error, string database);
}
