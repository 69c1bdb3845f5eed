using System.Collections.Immutable;

namespace OrleansSqlite.Format;

/// <summary>
/// The one mutable object of a database, as a value. <see cref="HeadCodec.Check"/> says what must hold between its parts.
/// Two heads are compared by <see cref="SwapId"/>: the lists have no equality of their own.
/// </summary>
internal sealed record Head
{
    /// <summary>The most commits that <see cref="Recent"/> lists.</summary>
    public const int MaxRecent = 256;

    /// <summary>The database's random id, from its creation to its tombstone.</summary>
    public required Guid DatabaseId { get; init; }

    /// <summary>Whether there is a database.</summary>
    public required HeadState State { get; init; }

    /// <summary>The number of the newest commit; 0 before the first.</summary>
    public required long Version { get; init; }

    /// <summary>The id of the swap that wrote this head. New for each attempt, so that a head never repeats its bytes.</summary>
    public required CommitId SwapId { get; init; }

    /// <summary>Counts the garbage collections: an upload under an older epoch may be gone.</summary>
    public required ulong CollectionEpoch { get; init; }

    /// <summary>When it was written, in unix milliseconds by its writer's clock.</summary>
    public required long TimeMs { get; init; }

    /// <summary>When its newest version was committed, in unix milliseconds; the head's own time if it had none, or does not list it.</summary>
    public long CommittedAtMs => Recent.IsEmpty ? TimeMs : Recent[^1].TimeMs;

    /// <summary>The size of a page; 0 if the database is empty.</summary>
    public required int PageBytes { get; init; }

    /// <summary>How many pages the database has; 0 if it is empty.</summary>
    public required uint PageCount { get; init; }

    /// <summary>The newest commits, oldest first; the last one made <see cref="Version"/>.</summary>
    public required ImmutableArray<CommitRecord> Recent { get; init; }

    /// <summary>The segments, newest first.</summary>
    public required ImmutableArray<SegmentEntry> Segments { get; init; }

    /// <summary>The frames of the newest commits, oldest first, without a gap; the last one made <see cref="Version"/>. All are newer than all segments.</summary>
    public required ImmutableArray<EncodedFrame> Frames { get; init; }

    /// <summary>What it says of the past; null in a head of format version 1.</summary>
    public HeadHistory? History { get; init; }

    /// <summary>
    /// The oldest version that can be read from this head alone: that of the segments without any frame, if its page count is known.
    /// </summary>
    public long FirstReadableVersion => Frames.IsEmpty ? Version : History?.BasePageCount is null ? Frames[0].Version : Frames[0].Version - 1;

    /// <summary>The version of the oldest frame, or the next version if there is no frame.</summary>
    public long FirstFrameVersion => Frames.IsEmpty ? Version + 1 : Frames[0].Version;

    /// <summary>The id of the commit that made a version, or null if <see cref="Recent"/> does not go back to it or it is yet to come.</summary>
    public CommitId? CommitOf(long version)
    {
        long first = Version - Recent.Length + 1;
        return version >= first && version <= Version ? Recent[(int)(version - first)].Id : null;
    }
}
