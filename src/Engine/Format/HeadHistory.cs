using System.Collections.Immutable;

namespace OrleansSqlite.Format;

/// <summary>What a head says of the past, and of what it shares with other databases. Since format version 2; a head without it is of version 1.</summary>
internal sealed record HeadHistory
{
    /// <summary>How long versions can be read if nobody has said otherwise: 7 days.</summary>
    public const uint DefaultRetentionSeconds = 7 * 86_400;

    /// <summary>The most databases whose segments a head may name besides its own.</summary>
    public const int MaxSources = byte.MaxValue;

    /// <summary>
    /// How many pages the database had at the version before the first frame: with it that version can be read from the segments alone.
    /// Null if it is not known (the head was of format version 1 when that frame came to it).
    /// </summary>
    public uint? BasePageCount { get; init; }

    /// <summary>How long a version can be read after another one has taken its place, in seconds.</summary>
    public uint RetentionSeconds { get; init; } = DefaultRetentionSeconds;

    /// <summary>When the last garbage collection began, in unix milliseconds; 0 if there was none.</summary>
    public long CollectedAtMs { get; init; }

    /// <summary>The saved heads that can be gone back to, and lists of such, oldest first.</summary>
    public ImmutableArray<CheckpointEntry> Checkpoints { get; init; } = [];

    /// <summary>The other databases that hold segments for this one, by name: those that it was forked from. Each holds a pin for it.</summary>
    public ImmutableArray<string> Sources { get; init; } = [];

    /// <summary>The first broken rule, or null if all hold.</summary>
    public string? FirstBroken(Head head)
    {
        if (Checkpoints.IsDefault || Sources.IsDefault)
        {
            return "a list is missing";
        }

        if (Sources.Length > MaxSources || Sources.Distinct().Count() != Sources.Length || Sources.Any(name => !DatabaseName.IsValid(name)))
        {
            return "the names of the databases that it shares segments with are wrong";
        }

        if (!Limits.IsTime(CollectedAtMs) || BasePageCount > Limits.MaxPageCount)
        {
            return "the time of the last collection or the page count of the base is out of range";
        }

        if (Checkpoints.Length > ushort.MaxValue)
        {
            return $"{Checkpoints.Length} checkpoints are too many";
        }

        return CheckpointInvariants.FirstBroken(Checkpoints, head.Version);
    }
}
