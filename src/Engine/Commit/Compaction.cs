using System.Collections.Immutable;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Commit;

/// <summary>
/// Segments that follow each other in a head, merged into larger ones: their number stays logarithmic, and superseded pages go. Off the write path; the
/// result takes effect with a later swap, as long as the head still has what it replaces. Commits and flushes on top of that don't matter.
/// </summary>
internal sealed class Compaction : IRewrite
{
    private readonly Head from;
    private readonly ImmutableArray<SegmentId> taken;
    private readonly HashSet<SegmentId> replaced;

    private Compaction(Head from, ImmutableArray<SegmentId> taken, HashSet<SegmentId> replaced, ImmutableArray<SegmentEntry> added)
    {
        this.from = from;
        this.taken = taken;
        this.replaced = replaced;
        Added = added;
    }

    /// <summary>The new segments, stored.</summary>
    public ImmutableArray<SegmentEntry> Added { get; }

    /// <summary>Merges segments of a head.</summary>
    /// <param name="context">The database.</param>
    /// <param name="threads">Where the segments are built.</param>
    /// <param name="head">The head.</param>
    /// <param name="range">Which of its segments.</param>
    /// <param name="progress">Told of bytes done, if given.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="StoreException">The store cannot be read or written.</exception>
    /// <exception cref="DatabaseException">A segment is damaged, or was collected since.</exception>
    public static async Task<Compaction> RunAsync(
        DatabaseContext context, EngineThreads threads, Head head, Range range, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        ImmutableArray<SegmentEntry> entries = [.. head.Segments.AsSpan()[range]];
        var segments = entries.Select(entry => context.Segments.Get(entry, head.PageBytes)).ToArray();
        var merged = await threads.RunAsync(() => CompactionPlan.ToMerge(segments, head.PageBytes)).ConfigureAwait(false);
        var source = new Snapshot(new object(), head.PageBytes, head.PageCount, PageTable.Empty(head.PageCount), [.. merged]);
        try
        {
            var added = ImmutableArray.CreateBuilder<SegmentEntry>();
            using var pieces = CompactionPlan.Pieces(merged, head.PageCount, head.PageBytes).GetEnumerator();
            long done = 0;
            while (await threads.RunAsync(pieces.MoveNext).ConfigureAwait(false))
            {
                cancellation.ThrowIfCancellationRequested();
                var piece = pieces.Current;
                var built = await threads.RunAsync(() => Build(context, head, source, merged, piece)).ConfigureAwait(false);
                await context.Retry.RunAsync(
                    async token =>
                    {
                        await context.Store.WriteAsync(context.Keys.Segment(built.Entry.Id), built.Content, token).ConfigureAwait(false);
                        return true;
                    },
                    cancellation).ConfigureAwait(false);
                added.Add(built.Entry);
                done += (long)piece.Count * head.PageBytes;
                progress?.Report(new(done, merged.Sum(segment => segment.Entry.Images * (long)head.PageBytes), "compact"));
            }

            await context.PassAsync(CommitPoint.Uploaded).ConfigureAwait(false);
            return new Compaction(head, [.. entries.Select(entry => entry.Id)], [.. merged.Select(segment => segment.Entry.Id)], added.ToImmutable());
        }
        finally
        {
            source.Release();
        }
    }

    /// <summary>Whether a head still has exactly the segments that were looked at, one behind the other, under the same collection epoch (invariant 3).</summary>
    public bool AppliesTo(Head head) =>
        head.DatabaseId == from.DatabaseId
        && head.CollectionEpoch == from.CollectionEpoch
        && head.PageBytes == from.PageBytes
        && Place(head.Segments) >= 0;

    /// <summary>The segments of a head with this compaction applied: the new ones before those that were left as they are.</summary>
    public ImmutableArray<SegmentEntry> Apply(ImmutableArray<SegmentEntry> segments)
    {
        int place = Place(segments);
        return [.. segments[..place], .. Added, .. segments[place..].Where(entry => !replaced.Contains(entry.Id))];
    }

    /// <inheritdoc/>
    public Snapshot Relocate(DatabaseContext context, Snapshot snapshot, ImmutableArray<Segment> segments) => snapshot.OnlyFrames(segments, context.NextEdit());

    /// <inheritdoc/>
    public void Release()
    {
        // It holds no snapshot: what it read is in segments.
    }

    private int Place(ImmutableArray<SegmentEntry> segments)
    {
        int place = 0;
        while (place < segments.Length && segments[place].Id != taken[0])
        {
            place++;
        }

        return segments.Skip(place).Take(taken.Length).Select(entry => entry.Id).SequenceEqual(taken) ? place : -1;
    }

    private static SegmentObject Build(DatabaseContext context, Head head, Snapshot source, IReadOnlyList<Segment> merged, IReadOnlyList<uint> pages)
    {
        bool isDense = pages[^1] - pages[0] + 1 == pages.Count;
        var builder = new SegmentBuilder(new SegmentId(context.Entropy.Next128()), head.DatabaseId, head.PageBytes, isDense ? SegmentKind.Dense : SegmentKind.Sparse);
        byte[] image = new byte[head.PageBytes];
        foreach (uint page in pages)
        {
            source.Copy(page, image);
            builder.Add(page, image);
        }

        // The commits are listed once, with the first piece.
        var commits = pages[0] == CompactionPlan.FirstPage(merged)
            ? merged.SelectMany(segment => segment.Index.Commits).DistinctBy(commit => commit.Version).OrderByDescending(commit => commit.Version).Take(4096).Reverse().ToArray()
            : [];
        return builder.Finish(
            merged.Min(segment => segment.Entry.MinVersion), merged.Max(segment => segment.Entry.MaxVersion), head.CollectionEpoch, commits);
    }
}
