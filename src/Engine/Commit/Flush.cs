using System.Collections.Immutable;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;

namespace OrleansSqlite.Commit;

/// <summary>
/// Frames that have left the head: the pages of all inline frames, merged with the newest small segments so that their number
/// stays bounded, uploaded as new segments. It takes effect with a later swap, and only if the head still has what it replaces.
/// </summary>
internal sealed class Flush : IRewrite
{
    /// <summary>A segment's page images at most, in bytes: what is in memory while it is built.</summary>
    public const long SegmentRawBytes = 32L << 20;

    private readonly Snapshot source;
    private readonly HashSet<SegmentId> replaced;
    private int released;

    private Flush(
        Snapshot source, ImmutableArray<Segment> added, ImmutableArray<SegmentId> replaced, Head below, long version, CommitId commit,
        ImmutableArray<CheckpointEntry> checkpoints)
    {
        this.source = source;
        this.replaced = [.. replaced];
        Added = added;
        Replaced = replaced;
        From = below;
        Version = version;
        Commit = commit;
        Checkpoints = checkpoints;
    }

    /// <summary>The new segments, stored, newest first.</summary>
    public ImmutableArray<Segment> Added { get; }

    /// <summary>The segments that they take the place of: the newest ones of the head that the flush began with.</summary>
    public ImmutableArray<SegmentId> Replaced { get; }

    /// <summary>The head that the flush began with.</summary>
    public Head From { get; }

    /// <summary>The newest version whose frame was taken in.</summary>
    public long Version { get; }

    /// <summary>That version's commit.</summary>
    public CommitId Commit { get; }

    /// <summary>The saved heads for the head that takes it in: among them <see cref="From"/>, which still has what is replaced.</summary>
    public ImmutableArray<CheckpointEntry> Checkpoints { get; }

    /// <summary>Builds and uploads the segments for all frame pages of a snapshot.</summary>
    /// <param name="context">The database.</param>
    /// <param name="threads">Where the segments are built.</param>
    /// <param name="snapshot">The pages. The flush holds it until <see cref="Release"/>.</param>
    /// <param name="below">The head whose frames and segments are taken in.</param>
    /// <param name="replacesAll">True if the snapshot's own frame pages are all that counts (a new page size).</param>
    /// <param name="saved">The head whose frames or segments it will take the place of: it is stored beside them, for whoever goes back.</param>
    /// <param name="beyond">A commit on top of <paramref name="below"/> that the snapshot holds as well, if any.</param>
    public static async Task<Flush> RunAsync(
        DatabaseContext context,
        EngineThreads threads,
        Snapshot snapshot,
        Head below,
        bool replacesAll,
        Head saved,
        (long Version, CommitRecord Commit)? beyond)
    {
        snapshot.Share();
        Task<ImmutableArray<CheckpointEntry>>? saving = null;
        try
        {
            var (objects, merged) = await threads.RunAsync(() => Build(context, snapshot, below, replacesAll, beyond)).ConfigureAwait(false);
            saving = CheckpointWriter.SaveAsync(context, saved);
            var added = ImmutableArray.CreateBuilder<Segment>(objects.Count);
            foreach (var built in objects)
            {
                string key = context.Keys.Segment(built.Entry.Id);
                await context.Retry.RunAsync(
                    async cancellation =>
                    {
                        await context.Store.WriteAsync(key, built.Content, cancellation).ConfigureAwait(false);
                        return true;
                    },
                    CancellationToken.None).ConfigureAwait(false);
                added.Add(context.Segments.Add(new Segment(context.Segments, built.Entry, snapshot.PageBytes, built.Index)));
            }

            var checkpoints = await saving.ConfigureAwait(false);
            await context.PassAsync(CommitPoint.Uploaded).ConfigureAwait(false);
            var last = beyond ?? (below.Version, below.Recent[^1]);
            return new Flush(snapshot, added.MoveToImmutable(), merged, below, last.Item1, last.Item2.Id, checkpoints);
        }
        catch
        {
            await (saving ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            snapshot.Release();
            throw;
        }
    }

    /// <summary>
    /// Whether a head still has exactly the frames and segments that this flush replaces, under the same collection epoch (invariant 3):
    /// commits on top of them don't matter.
    /// </summary>
    public bool AppliesTo(Head head) =>
        head.DatabaseId == From.DatabaseId
        && head.CollectionEpoch == From.CollectionEpoch
        && head.PageBytes == From.PageBytes
        && head.FirstFrameVersion == From.FirstFrameVersion
        && head.CommitOf(Version) == Commit
        && Listed(head).SequenceEqual(Listed(From))
        && head.Segments.Length >= Replaced.Length
        && head.Segments.Take(Replaced.Length).Select(entry => entry.Id).SequenceEqual(Replaced);

    /// <summary>The segments of a head with this flush applied.</summary>
    public ImmutableArray<SegmentEntry> Apply(ImmutableArray<SegmentEntry> segments) =>
        [.. Added.Select(segment => segment.Entry), .. segments.Skip(Replaced.Length)];

    /// <inheritdoc/>
    /// <remarks>The flushed pages are evictable then, and free of the frames' memory.</remarks>
    public Snapshot Relocate(DatabaseContext context, Snapshot snapshot, ImmutableArray<Segment> segments) =>
        snapshot.From(Moves(snapshot), segments, context.NextEdit());

    /// <summary>
    /// Puts the flushed images into the page cache as far as they are in memory: this process has just written these pages and will
    /// want them. Reads nothing, so it cannot fail.
    /// </summary>
    public void Seed(PageCache cache)
    {
        if (Added.Sum(segment => segment.Entry.Images * (long)source.PageBytes) > cache.LimitBytes / 4)
        {
            return;
        }

        foreach (var segment in Added)
        {
            for (int number = 0; number < segment.Index.BlockCount; number++)
            {
                var location = segment.Index.Block(number);
                byte[] images = new byte[location.Images * source.PageBytes];
                bool complete = true;
                for (int i = 0; complete && i < location.Images; i++)
                {
                    uint page = segment.Index.PageAt(location.FirstOrdinal + i);
                    complete = source.TryCopyResident(page, images.AsSpan(i * source.PageBytes, source.PageBytes));
                }

                if (complete)
                {
                    segment.Seed(number, images);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Release()
    {
        if (Interlocked.Exchange(ref released, 1) == 0)
        {
            source.Release();
        }
    }

    private static IEnumerable<CheckpointId> Listed(Head head) => (head.History?.Checkpoints ?? []).Select(entry => entry.Id);

    private IEnumerable<KeyValuePair<uint, Block>> Moves(Snapshot snapshot)
    {
        foreach (var segment in Added)
        {
            foreach (var (page, block) in segment.Pages())
            {
                var now = snapshot.FindKnown(page);
                bool superseded = now is null
                    || (now.Segment is null ? !ReferenceEquals(now, source.FindKnown(page)) : !replaced.Contains(now.Segment.Entry.Id));
                if (!superseded)
                {
                    yield return new(page, block);
                }
            }
        }
    }

    private static (List<SegmentObject> Objects, ImmutableArray<SegmentId> Merged) Build(
        DatabaseContext context, Snapshot snapshot, Head below, bool replacesAll, (long Version, CommitRecord Commit)? beyond)
    {
        var pages = new SortedSet<uint>(snapshot.FramePages().Select(pair => pair.Key));
        var merged = replacesAll ? [] : SegmentsToMerge(snapshot, pages.Count);
        foreach (var segment in merged)
        {
            pages.UnionWith(segment.Pages().Select(pair => pair.Key).Where(page => page <= snapshot.PageCount));
        }

        long newest = beyond?.Version ?? below.Version;
        long oldest = below.FirstFrameVersion;
        List<(long, CommitRecord)> commits = [.. below.Frames.Select(frame => (frame.Version, new CommitRecord(frame.Id, frame.TimeMs)))];
        if (beyond is { } last)
        {
            commits.Add(last);
        }

        foreach (var segment in merged)
        {
            oldest = Math.Min(oldest, segment.Entry.MinVersion);
            commits.AddRange(segment.Index.Commits);
        }

        // Enough to find out about any swap whose answer is still waited for; older ones are history.
        commits = [.. commits.DistinctBy(commit => commit.Item1).OrderByDescending(commit => commit.Item1).Take(4096).Reverse()];
        var kind = pages.Count == snapshot.PageCount ? SegmentKind.Dense : SegmentKind.Sparse;
        List<SegmentObject> objects = [];
        SegmentBuilder? builder = null;
        byte[] image = new byte[snapshot.PageBytes];
        foreach (uint page in pages)
        {
            builder ??= new SegmentBuilder(
                new SegmentId(context.Entropy.Next128()), below.DatabaseId, snapshot.PageBytes, kind);
            snapshot.Copy(page, image);
            builder.Add(page, image);
            if (builder.RawBytes >= SegmentRawBytes)
            {
                Finish();
            }
        }

        if (builder is not null)
        {
            Finish();
        }

        var replaced = replacesAll ? below.Segments.Select(entry => entry.Id) : merged.Select(segment => segment.Entry.Id);
        return (objects, [.. replaced]);

        void Finish()
        {
            objects.Add(builder!.Finish(oldest, newest, below.CollectionEpoch, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(commits)));
            builder = null;
        }
    }

    /// <summary>
    /// The newest segments that are not much larger than what is merged already: each page is rewritten a logarithmic number of
    /// times, and a logarithmic number of segments is left. Large ones are left to compaction: merging them would hold up the commit that waits for it.
    /// </summary>
    private static List<Segment> SegmentsToMerge(Snapshot snapshot, long images)
    {
        List<Segment> merged = [];
        foreach (var segment in snapshot.Segments)
        {
            if (segment.Entry.ObjectBytes > CompactionPlan.SmallBytes || segment.Entry.Images > Math.Max(2 * images, 64))
            {
                break;
            }

            merged.Add(segment);
            images += segment.Entry.Images;
        }

        return merged;
    }
}
