using OrleansSqlite.Format;

namespace OrleansSqlite.Commit;

/// <summary>
/// What must hold before each swap and after each load. (1) The base of a swap is the version that the transactions ran on:
/// <see cref="Speculation.TryStack"/>, and the If-Match of its tag. (2) and (3) are checked here. (4) Callers are answered after
/// their swap: <see cref="GroupCommitter"/>. (5) One place swaps: <see cref="Swap"/>.
/// </summary>
internal static class Invariants
{
    /// <summary>A commit's head against the head that it was made from.</summary>
    /// <param name="database">The database's name.</param>
    /// <param name="below">The head that it was made from.</param>
    /// <param name="next">The commit's head.</param>
    /// <param name="restored">The earlier version whose pages and segments take the place of all that is there, if the commit does that.</param>
    public static void CheckCommit(string database, Head below, Head next, Head? restored = null)
    {
        string? broken = HeadInvariants.FirstBroken(next)
            ?? Check(next.State == HeadState.Live && below.State == HeadState.Live, "a deleted database is not committed to")
            ?? Check(next.DatabaseId == below.DatabaseId, "a commit stays in its database")
            ?? Check(next.Version == below.Version + 1, "a commit's version is its base's plus one")
            ?? Check(next.SwapId != below.SwapId && next.Recent[^1].Id == next.SwapId, "a commit's id is new")
            ?? Check(
                next.CollectionEpoch == below.CollectionEpoch + (restored is null ? 0UL : 1UL), "a restore begins a collection epoch, and no other commit does")
            ?? Check(restored is not null || KeepsFrames(below, next), "a frame leaves the head only for a segment that takes it in")
            ?? Check(KeepsHistory(below, next), "what leaves the head stands in a saved one")
            ?? Check(
                below.Recent.IsEmpty || next.CommitOf(below.Version) == below.Recent[^1].Id, "the commits that a head lists go on from its base's")
            ?? Check(
                next.Segments.All(entry => entry.CollectionEpoch == below.CollectionEpoch || below.Segments.Any(old => old.Id == entry.Id)
                    || restored?.Segments.Contains(entry) == true),
                "a new segment was uploaded under the epoch of the base");
        if (broken is not null)
        {
            throw Errors.Invariant(database, next.Version, broken);
        }
    }

    /// <summary>A head that makes no version against the head that it was made from.</summary>
    public static void CheckMaintenance(string database, Head below, Head next)
    {
        var (before, after) = (below.History?.Checkpoints ?? [], next.History?.Checkpoints ?? []);
        bool collects = next.CollectionEpoch == below.CollectionEpoch + 1;
        string? broken = HeadInvariants.FirstBroken(next)
            ?? Check(next.State == below.State && next.DatabaseId == below.DatabaseId, "maintenance leaves a database what it is")
            ?? Check(next.SwapId != below.SwapId, "a swap's id is new")
            ?? Check(
                next.Version == below.Version && next.PageBytes == below.PageBytes && next.PageCount == below.PageCount && next.Recent.SequenceEqual(below.Recent),
                "maintenance makes no version")
            ?? Check(
                next.Frames.Length == below.Frames.Length && next.Frames.Zip(below.Frames).All(pair => pair.First.Bytes.Equals(pair.Second.Bytes)),
                "maintenance leaves the frames where they are")
            ?? Check(collects || next.CollectionEpoch == below.CollectionEpoch, "a collection begins the next epoch")
            ?? Check(
                next.Segments.All(entry => entry.CollectionEpoch == below.CollectionEpoch || below.Segments.Any(old => old.Id == entry.Id)),
                "a new segment was uploaded under the epoch of the base")
            ?? Check(
                collects ? after.All(before.Contains) : before.All(entry => after.Any(now => now.FirstVersion <= entry.FirstVersion && now.LastVersion >= entry.LastVersion)),
                "only a collection forgets history")
            ?? Check(KeepsHistory(below, next), "what leaves the head stands in a saved one");
        if (broken is not null)
        {
            throw Errors.Invariant(database, next.Version, broken);
        }
    }

    /// <summary>A head that takes the place of one that can't be read, against the newest state that could be put together.</summary>
    public static void CheckReplacement(string database, Head left, Head next)
    {
        string? broken = HeadInvariants.FirstBroken(next)
            ?? Check(next.DatabaseId == left.DatabaseId && next.State == HeadState.Live, "a repair leaves a database what it is")
            ?? Check(next.Version - left.Version >= CheckpointEntry.LeastGap, "a repair goes on above all versions that may have been")
            ?? Check(next.CollectionEpoch > left.CollectionEpoch, "a repair begins an epoch above all that may have been")
            ?? Check(
                next.Segments.All(entry => entry.CollectionEpoch == next.CollectionEpoch && entry.Home is null), "a repair names only what it has written itself");
        if (broken is not null)
        {
            throw Errors.Invariant(database, next.Version, broken);
        }
    }

    /// <summary>A head that was read against the one that this process knew: history only grows.</summary>
    public static void CheckLoad(string database, Head? known, Head read)
    {
        if (known is null || known.DatabaseId != read.DatabaseId || read.State == HeadState.Tombstone)
        {
            return;
        }

        string? broken = Check(read.Version >= known.Version, $"the store went back below version {known.Version} to {read.Version}")
            ?? Check(
                known.Version == 0 || read.CommitOf(known.Version) is not { } there || there == known.Recent[^1].Id,
                $"version {known.Version} is another commit than it was");
        if (broken is not null)
        {
            throw Errors.Invariant(database, read.Version, broken);
        }
    }

    /// <summary>Each frame of the base stands in the new head or is in a new segment; replacing all pages (VACUUM, import) drops all.</summary>
    private static bool KeepsFrames(Head below, Head next)
    {
        bool renewed = !next.Segments.Any(entry => below.Segments.Any(old => old.Id == entry.Id))
            && (next.PageBytes != below.PageBytes || next.Frames.IsEmpty);
        long taken = next.Segments.Where(entry => below.Segments.All(old => old.Id != entry.Id)).Select(entry => entry.MaxVersion).DefaultIfEmpty(0).Max();
        return renewed || below.Frames.All(frame => frame.Version >= next.FirstFrameVersion || frame.Version <= taken);
    }

    /// <summary>
    /// Frames and segments that leave a head are named by one that was saved after they came to it: whoever reads an older version finds
    /// them there. (Format version 1 has no saved heads.)
    /// </summary>
    private static bool KeepsHistory(Head below, Head next)
    {
        var kept = next.Segments.Select(entry => entry.Id).ToHashSet();
        var gone = below.Frames.Where(frame => frame.Version < next.FirstFrameVersion).Select(frame => frame.Version);
        bool drops = gone.Any() || below.Segments.Any(entry => !kept.Contains(entry.Id));
        var known = (below.History?.Checkpoints ?? []).Select(entry => entry.Id).ToHashSet();
        return !drops || next.History is null || next.History.Checkpoints is [.., var last] && !known.Contains(last.Id) && last.LastVersion >= gone.DefaultIfEmpty(0).Max();
    }

    private static string? Check(bool holds, string invariant) => holds ? null : invariant;
}
