using Microsoft.Extensions.Logging;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Commit;

/// <summary>How a swap ended.</summary>
internal enum SwapOutcome
{
    /// <summary>The head is, or was for a while, the one that was sent.</summary>
    Landed,

    /// <summary>Somebody else was first; it was not applied and never will be.</summary>
    Lost,

    /// <summary>The database was deleted.</summary>
    Gone,

    /// <summary>Could not be found out in time.</summary>
    Unknown,
}

/// <summary>The result of a swap.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Tag">The tag of the head that landed; not set if <paramref name="Newer"/> stands over it already.</param>
/// <param name="Newer">The head that was found in its place, with its tag.</param>
/// <param name="Error">Why it is unknown.</param>
internal readonly record struct SwapEnd(SwapOutcome Outcome, ETag Tag, (Head Head, ETag Tag)? Newer = null, Exception? Error = null);

/// <summary>
/// The one place that swaps a head (invariant 5). Sends the swap, tells its answers apart, and finds out what became of it
/// when the answer does not say: an answer that got lost, or a 412 that is the echo of our own PUT.
/// </summary>
internal sealed partial class Swap(DatabaseContext context, EngineThreads threads, HeadReader reader)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Replaces the head with the tag <paramref name="expected"/> by <paramref name="next"/>; creates it if that is null.</summary>
    /// <param name="next">The new head. Its swap id is new, so that its bytes never occurred before.</param>
    /// <param name="expected">The tag of the head that <paramref name="next"/> was made from.</param>
    /// <param name="creates">Whether it begins a new database, in the place of none or of a deleted one.</param>
    /// <exception cref="StoreException">The store refused (permission, space, settings): not applied.</exception>
    public async Task<SwapEnd> RunAsync(Head next, ETag? expected, bool creates = false)
    {
        byte[] content = HeadCodec.Encode(next);
        long began = context.Time.GetTimestamp();
        bool mayLandLate = false;
        for (int attempt = 1; ; attempt++)
        {
            Exception? error = null;
            await context.PassAsync(CommitPoint.SwapSending).ConfigureAwait(false);
            long sent = context.Time.GetTimestamp();
            try
            {
                var result = await context.Store.SwapAsync(context.Keys.Head, content, expected, CancellationToken.None).ConfigureAwait(false);
                Metrics.SwapSeconds.Record(context.Time.GetElapsedTime(sent).TotalSeconds);
                await context.PassAsync(CommitPoint.SwapAnswered).ConfigureAwait(false);
                switch (result.Answer)
                {
                    case SwapAnswer.Done:
                        return new SwapEnd(SwapOutcome.Landed, result.Tag);
                    case SwapAnswer.Busy:
                        // 409: the same again, without looking: it is not a lost race. But if something on the way repeated the
                        // request, this may be the answer to the twin of one that was applied: a refusal that follows settles nothing.
                        mayLandLate = true;
                        if (context.Time.GetElapsedTime(began) < Patience)
                        {
                            await context.PauseAsync(Pause).ConfigureAwait(false);
                            continue;
                        }

                        break;
                }
            }
            catch (StoreException e) when (e.IsTransient || mayLandLate)
            {
                error = e;
                mayLandLate = true;
                LogUnknown(context.Logger, context.Name, next.Version, e.Message);
            }

            await context.PassAsync(CommitPoint.Resolving).ConfigureAwait(false);
            if (await ResolveAsync(next, expected, creates, began).ConfigureAwait(false) is { } end)
            {
                return end;
            }

            // The head is still the one that we expected: ours is on its way or lost. The same bytes on the same condition can't land twice.
            if (context.Time.GetElapsedTime(began) >= Patience)
            {
                return mayLandLate
                    ? new SwapEnd(SwapOutcome.Unknown, default, null, error)
                    : throw new StoreException(
                        StoreFailure.Unavailable, context.Store.Url, context.Keys.Head, "The store has refused the write for too long, though nobody else wrote. It was not applied: try again later.");
            }

            await context.PauseAsync(Pause * Math.Min(attempt, 20)).ConfigureAwait(false);
        }
    }

    /// <summary>What the head says about our swap; null if it says that the swap is still open.</summary>
    private async Task<SwapEnd?> ResolveAsync(Head next, ETag? expected, bool creates, long began)
    {
        while (true)
        {
            using var limit = new CancellationTokenSource(Patience, context.Time);
            try
            {
                var found = await reader.ReadAsync(limit.Token).ConfigureAwait(false);
                return found is { } there ? await JudgeAsync(next, expected, creates, there).ConfigureAwait(false) : expected is null ? null : new SwapEnd(SwapOutcome.Gone, default);
            }
            catch (Exception e) when (e is not StoreException { IsTransient: true })
            {
                // The head can't be read (or not in time), so it can't tell.
                return new SwapEnd(SwapOutcome.Unknown, default, null, e);
            }
            catch (Exception e)
            {
                if (context.Time.GetElapsedTime(began) >= Patience)
                {
                    return new SwapEnd(SwapOutcome.Unknown, default, null, e);
                }

                await context.PauseAsync(Pause * 10).ConfigureAwait(false);
            }
        }
    }

    private async Task<SwapEnd?> JudgeAsync(Head next, ETag? expected, bool creates, (Head Head, ETag Tag) found)
    {
        if (found.Head.SwapId == next.SwapId)
        {
            return new SwapEnd(SwapOutcome.Landed, found.Tag);
        }

        if (creates && found.Head.DatabaseId == next.DatabaseId)
        {
            // Created, and somebody has committed to it already: nobody else could know its random id.
            return new SwapEnd(SwapOutcome.Landed, default, found);
        }

        if (found.Tag == expected)
        {
            return null;
        }

        if (found.Head.DatabaseId != next.DatabaseId)
        {
            return new SwapEnd(expected is null ? SwapOutcome.Lost : SwapOutcome.Gone, default, found);
        }

        if (next.Recent.Length == 0 || next.Recent[^1].Id != next.SwapId || found.Head.Version < next.Version)
        {
            // Not a commit (or nothing came after its base but maintenance): another head stands where ours would.
            return new SwapEnd(SwapOutcome.Lost, default, found);
        }

        // Commits have landed on the base. The one with our number is ours, or it is a rival's.
        var there = found.Head.CommitOf(next.Version)
            ?? CommitInFrames(found.Head, next.Version)
            ?? await threads.RunAsync(() => CommitBehind(found.Head, next.Version)).ConfigureAwait(false);
        return there is null ? new SwapEnd(SwapOutcome.Unknown, default, found)
            : there == next.SwapId ? new SwapEnd(SwapOutcome.Landed, default, found)
            : found.Head.State == HeadState.Tombstone ? new SwapEnd(SwapOutcome.Gone, default, found)
            : new SwapEnd(SwapOutcome.Lost, default, found);
    }

    /// <summary>The commit with that number, from the inline frames: small ones may reach further back than the list of recent commits.</summary>
    private static CommitId? CommitInFrames(Head head, long version) =>
        version >= head.FirstFrameVersion ? head.Frames[(int)(version - head.FirstFrameVersion)].Id : null;

    /// <summary>The commit with that number, from the frames that have moved to segments. Waits for the store.</summary>
    private CommitId? CommitBehind(Head head, long version)
    {
        foreach (var segment in reader.SegmentsOf(head))
        {
            if (version < segment.Entry.MinVersion || version > segment.Entry.MaxVersion)
            {
                continue;
            }

            foreach (var (number, commit) in segment.Index.Commits)
            {
                if (number == version)
                {
                    return commit.Id;
                }
            }
        }

        return null;
    }

    [LoggerMessage(10, LogLevel.Warning, "The outcome of the swap to version {Version} of {Database} is not known yet: {Reason}")]
    private static partial void LogUnknown(ILogger logger, string database, long version, string reason);
}
