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
    public static void CheckCommit(string database, Head below, Head next)
    {
        string? broken = HeadInvariants.FirstBroken(next)
            ?? Check(next.State == HeadState.Live && below.State == HeadState.Live, "a deleted database is not committed to")
            ?? Check(next.DatabaseId == below.DatabaseId, "a commit stays in its database")
            ?? Check(next.Version == below.Version + 1, "a commit's version is its base's plus one")
            ?? Check(next.SwapId != below.SwapId && next.Recent[^1].Id == next.SwapId, "a commit's id is new")
            ?? Check(next.CollectionEpoch == below.CollectionEpoch, "a commit does not begin a collection epoch")
            ?? Check(KeepsFrames(below, next), "a frame leaves the head only for a segment that takes it in")
            ?? Check(
                below.Recent.IsEmpty || next.CommitOf(below.Version) == below.Recent[^1].Id, "the commits that a head lists go on from its base's")
            ?? Check(
                next.Segments.All(entry => entry.CollectionEpoch == below.CollectionEpoch || below.Segments.Any(old => old.Id == entry.Id)),
                "a new segment was uploaded under the epoch of the base");
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
        bool replaces = !next.Segments.Any(entry => below.Segments.Any(old => old.Id == entry.Id))
            && (next.PageBytes != below.PageBytes || next.Frames.IsEmpty);
        long taken = next.Segments.Where(entry => below.Segments.All(old => old.Id != entry.Id)).Select(entry => entry.MaxVersion).DefaultIfEmpty(0).Max();
        return replaces || below.Frames.All(frame => frame.Version >= next.FirstFrameVersion || frame.Version <= taken);
    }

    private static string? Check(bool holds, string invariant) => holds ? null : invariant;
}
