using System.Buffers;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;

namespace OrleansSqlite.Commit;

/// <summary>How a commit ended.</summary>
/// <param name="Outcome">The swap's outcome.</param>
/// <param name="Version">The version that was to be made.</param>
/// <param name="Landed">The new head, with a snapshot for the receiver, if it landed and still is the head.</param>
/// <param name="Newer">The head that stands there now, if it is another one.</param>
/// <param name="Applied">The flush or the compaction that the landed head took in.</param>
/// <param name="Error">Why the outcome is unknown.</param>
internal readonly record struct CommitEnd(
    SwapOutcome Outcome, long Version, DurableHead? Landed, (Head Head, Stores.ETag Tag)? Newer, IRewrite? Applied, Exception? Error);

/// <summary>
/// One commit, below a group of transactions to a head that carries them: plan, upload, swap, finish.
/// Small frames go inline: one PUT. A large one is uploaded as a segment first, beside a copy of the head: three, in two round trips.
/// </summary>
internal sealed partial class CommitPath(DatabaseContext context, EngineThreads threads, Swap swap)
{
    /// <summary>More page images than this go to a segment without trying to compress them into a frame, in bytes.</summary>
    private const long InlineRawBytes = 2L << 20;

    /// <summary>Commits the group on top of its base.</summary>
    /// <param name="group">The transactions.</param>
    /// <param name="flush">Frames that have been moved to segments meanwhile, if any: this commit may take it in.</param>
    /// <param name="compaction">Segments that have been merged meanwhile, likewise.</param>
    /// <exception cref="Stores.StoreException">The store refused or cannot be written: not applied.</exception>
    /// <exception cref="DatabaseException">An invariant is broken: not applied.</exception>
    public async Task<CommitEnd> RunAsync(Group group, Flush? flush, Compaction? compaction)
    {
        // plan
        var below = group.Base.Head;
        long version = below.Version + 1;
        var commit = new CommitRecord(new CommitId(context.Entropy.Next128()), context.CommitTimeMs(below));
        var applied = flush is not null && flush.AppliesTo(below) ? flush : null;
        var frames = applied is null ? below.Frames : [.. below.Frames.Where(frame => frame.Version > applied.Version)];
        var segments = applied is null ? below.Segments : applied.Apply(below.Segments);
        bool repaged = group.After.PageBytes != below.PageBytes && below.PageBytes != 0;
        var frame = repaged ? null : EncodeInline(group, version, commit, frames.Sum(inline => (long)inline.Bytes.Length));

        // upload
        Flush? own = null;
        if (frame is null)
        {
            applied = own = await Flush.RunAsync(context, threads, group.After, below, repaged, below, (version, commit)).ConfigureAwait(false);
            segments = applied.Apply(below.Segments);
            frames = [];
        }
        else
        {
            frames = frames.Add(frame);
        }

        var saved = applied is null && compaction?.AppliesTo(below) == true ? await TrySaveAsync(below).ConfigureAwait(false) : null;
        segments = saved is null ? segments : compaction!.Apply(segments);

        var next = below with
        {
            Version = version,
            SwapId = commit.Id,
            TimeMs = commit.TimeMs,
            PageBytes = group.After.PageBytes,
            PageCount = group.After.PageCount,
            Recent = [.. below.Recent.Skip(below.Recent.Length - Head.MaxRecent + 1), commit],
            Segments = segments,
            Frames = frames,
            History = NextHistory(below, applied, saved),
        };
        SwapEnd end;
        try
        {
            Invariants.CheckCommit(context.Name, below, next);
            await context.PassAsync(CommitPoint.Planned).ConfigureAwait(false);

            // swap
            end = await SwapAsync(next, group.Base.Tag).ConfigureAwait(false);
        }
        catch
        {
            own?.Release();
            throw;
        }

        // finish
        if (end.Outcome != SwapOutcome.Landed || end.Newer is not null)
        {
            own?.Release();
            return new CommitEnd(end.Outcome, version, null, end.Newer, null, end.Error);
        }

        try
        {
            await context.PassAsync(CommitPoint.Landed).ConfigureAwait(false);
            IRewrite? rewrite = saved is null ? applied : compaction;
            return new CommitEnd(SwapOutcome.Landed, version, new DurableHead(next, end.Tag, Finish(group, next, rewrite)), null, rewrite, null);
        }
        catch (Exception e)
        {
            // It is durable whatever fails here: its callers are told so, and what is known of the state is read anew.
            LogUnfinished(context.Logger, e, context.Name, version);
            own?.Release();
            return new CommitEnd(SwapOutcome.Landed, version, null, null, null, null);
        }
    }

    [LoggerMessage(12, LogLevel.Error, "Version {Version} of {Database} has landed, but its state could not be taken over; it is read again")]
    private static partial void LogUnfinished(ILogger logger, Exception error, string database, long version);

    /// <summary>Saves the head whose segments a compaction takes the place of. It can wait for another commit; the commit can't wait for it.</summary>
    private async Task<ImmutableArray<CheckpointEntry>?> TrySaveAsync(Head below)
    {
        try
        {
            return await CheckpointWriter.SaveAsync(context, below).ConfigureAwait(false);
        }
        catch (Stores.StoreException)
        {
            return null;
        }
    }

    /// <summary>What the next head says of the past. Where the frames end that a flush took in, the segments now stand alone.</summary>
    private static HeadHistory NextHistory(Head below, Flush? applied, ImmutableArray<CheckpointEntry>? saved)
    {
        var history = below.History ?? new HeadHistory();
        history = saved is { } checkpoints ? history with { Checkpoints = checkpoints } : history;
        return applied is not null ? history with { Checkpoints = applied.Checkpoints, BasePageCount = applied.From.PageCount }
            : below.Frames.IsEmpty ? history with { BasePageCount = below.PageCount }
            : history;
    }

    /// <summary>The state after the group as the new head has it.</summary>
    private Snapshot Finish(Group group, Head next, IRewrite? applied)
    {
        if (applied is null)
        {
            return group.After.Share();
        }

        (applied as Flush)?.Seed(context.Segments.Cache);
        var known = next.Segments.Select(entry => context.Segments.Get(entry, next.PageBytes)).ToImmutableArray();
        return applied.Relocate(context, group.After, known);
    }

    /// <summary>From the moment that a swap was sent, no failure means "not applied" unless the store has said so.</summary>
    private async Task<SwapEnd> SwapAsync(Head next, Stores.ETag tag)
    {
        try
        {
            return await swap.RunAsync(next, tag).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not Stores.StoreException)
        {
            return new SwapEnd(SwapOutcome.Unknown, default, null, e);
        }
    }

    /// <summary>The group's frame, or null if it is too large to stand in the head with those that stand there already.</summary>
    private EncodedFrame? EncodeInline(Group group, long version, CommitRecord commit, long inlineBytes)
    {
        var pages = group.ChangedPages();
        int pageBytes = group.After.PageBytes;
        long rawBytes = (long)pages.Count * pageBytes;

        // The head may grow to three times the threshold while a flush is under way; then a commit flushes by itself.
        if (rawBytes > InlineRawBytes || inlineBytes > 3L * context.Options.InlineBytes)
        {
            return null;
        }

        byte[] images = ArrayPool<byte>.Shared.Rent((int)rawBytes);
        try
        {
            int done = 0;
            foreach (uint page in pages)
            {
                group.After.Copy(page, images.AsSpan(done, pageBytes));
                done += pageBytes;
            }

            var frame = FrameCodec.Encode(
                version, commit.Id, commit.TimeMs, group.After.PageCount, pageBytes, [.. pages], images.AsSpan(0, done), TableNames.TryEncode(group.Tables()));
            return frame.Bytes.Length <= context.Options.InlineBytes ? frame : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(images);
        }
    }
}
