using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Verification;

/// <summary>
/// Puts a new head in the place of one that can't be read. What that one said can't be known: its version, its collection epoch, which objects it named, and what a
/// collection that began with it still deletes. So nothing of it is relied on. The version and the epoch go on far above all that it may have had: whoever knew it,
/// or still has something on the way, finds neither its version nor its epoch again. And all pages are written anew, under names that no collection can know.
/// </summary>
internal sealed class HeadReplacement(DatabaseContext context, EngineThreads threads)
{
    /// <summary>
    /// How far the version goes on. A head has at most 65,535 frames, and the head before they leave it is always saved: so the versions that nobody can know of are fewer
    /// than that for each saved head that is lost, too.
    /// </summary>
    public const long Leap = 16 * CheckpointEntry.LeastGap;

    private const ulong EpochLeap = 1UL << 32;
    private const int Attempts = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private readonly HeadReader reader = new(context);

    /// <summary>Replaces it.</summary>
    /// <param name="survey">What is known.</param>
    /// <param name="chosen">The version whose rows are to be there again.</param>
    /// <param name="progress">Told of bytes done, if given.</param>
    /// <param name="cancellation">Stops it before its swap.</param>
    /// <returns>The new version.</returns>
    public async Task<long> RunAsync(Survey survey, Head chosen, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        var left = survey.Survivors!;
        long version = left.NewestVersion + Leap;
        ulong epoch = left.NewestEpoch + EpochLeap;
        if (!survey.Content.IsEmpty)
        {
            // Somebody may yet find more in it.
            await WriteAsync(context.Keys.Damaged(new CommitId(context.Entropy.Next128())), survey.Content, cancellation).ConfigureAwait(false);
        }

        var commit = new CommitRecord(new CommitId(context.Entropy.Next128()), context.CommitTimeMs(left.Line));
        var pages = new VersionPages(context, chosen, [.. chosen.Segments.Select(entry => survey.Segments.GetValueOrDefault(context.Keys.Segment(entry)))]);
        List<SegmentEntry> segments = [];
        for (ulong first = 1; first <= pages.PageCount; first = segments[^1].LastPage + 1UL)
        {
            segments.Add(await CopyAsync(pages, (uint)first, left.DatabaseId, version, epoch, commit, cancellation).ConfigureAwait(false));
            progress?.Report(new((long)segments[^1].LastPage * pages.PageBytes, (long)pages.PageCount * pages.PageBytes, "write"));
        }

        // The state that was put together can be gone back to like any that a head was.
        var history = left.Line.History ?? new HeadHistory();
        var next = new Head
        {
            DatabaseId = left.DatabaseId,
            State = HeadState.Live,
            Version = version,
            SwapId = commit.Id,
            CollectionEpoch = epoch,
            TimeMs = commit.TimeMs,
            PageBytes = chosen.PageBytes,
            PageCount = chosen.PageCount,
            Recent = [commit],
            Segments = [.. segments],
            Frames = [],
            History = history with
            {
                BasePageCount = chosen.PageCount,
                Checkpoints = await CheckpointWriter.SaveAsync(context, left.Line).ConfigureAwait(false),

                // None begins by itself for a while: what the lost head alone named can be looked into by hand until then.
                CollectedAtMs = Math.Max(history.CollectedAtMs, context.StoreClock.LatestMs()),
            },
        };
        Invariants.CheckReplacement(context.Name, left.Line, next);
        cancellation.ThrowIfCancellationRequested();
        await SwapAsync(next, survey.Tag).ConfigureAwait(false);
        return version;
    }

    private async Task<SegmentEntry> CopyAsync(
        VersionPages pages, uint first, Guid databaseId, long version, ulong epoch, CommitRecord commit, CancellationToken cancellation)
    {
        var builder = new SegmentBuilder(new SegmentId(context.Entropy.Next128()), databaseId, pages.PageBytes, SegmentKind.Dense);
        for (ulong page = first; page <= pages.PageCount && builder.RawBytes < Flush.SegmentRawBytes; page++)
        {
            cancellation.ThrowIfCancellationRequested();
            var image = await pages.TryReadAsync((uint)page, cancellation).ConfigureAwait(false)
                ?? throw Corruption.Damaged(context.Keys.Head, $"page {page} can't be read any more");
            builder.Add((uint)page, image.Span);
        }

        var built = builder.Finish(1, version, epoch, first == 1 ? [(version, commit)] : []);
        await WriteAsync(context.Keys.Segment(built.Entry.Id), built.Content, cancellation).ConfigureAwait(false);
        return built.Entry;
    }

    private async Task WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        await context.Retry.RunAsync(
            async token =>
            {
                await context.Store.WriteAsync(key, content, token).ConfigureAwait(false);
                return true;
            },
            cancellation).ConfigureAwait(false);

    /// <summary>
    /// The swap, until it is known what became of it. While the damaged bytes still stand there nobody can say, and the same is sent again: on one tag it lands once.
    /// </summary>
    private async Task SwapAsync(Head next, ETag? damaged)
    {
        var swap = new Swap(context, threads, reader);
        for (int attempt = 1; ; attempt++)
        {
            var end = await swap.RunAsync(next, damaged).ConfigureAwait(false);
            if (end.Outcome == SwapOutcome.Landed)
            {
                return;
            }

            var found = await reader.ReadAsync(null, CancellationToken.None).ConfigureAwait(false);
            ETag? there = found.Answer == ReadAnswer.Found ? found.Tag : null;
            if (there != damaged)
            {
                throw end.Outcome == SwapOutcome.Unknown && HeadCodec.DecodeIntact(found.Content, context.Keys.Head) is null
                    ? Errors.OutcomeUnknown(context.Name, next.Version, end.Error)
                    : new DatabaseException(
                        ErrorKind.Conflict,
                        ErrorCodes.VersionMismatch,
                        $"Somebody else has replaced the damaged head of '{context.Name}': a process that still knew it, or another repair. Nothing was repaired here. Verify it again.")
                    { Database = context.Name, Object = context.Keys.Head };
            }

            if (attempt == Attempts)
            {
                throw Errors.OutcomeUnknown(context.Name, next.Version, end.Error);
            }

            await context.PauseAsync(Pause).ConfigureAwait(false);
        }
    }
}
