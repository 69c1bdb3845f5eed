using System.Numerics;

namespace OrleansSqlite.Format;

/// <summary>The hard bounds of the format. Readers check sizes against them before they allocate; writers never pass them.</summary>
internal static class Limits
{
    /// <summary>The newest format version of heads that this code writes and reads.</summary>
    public const ushort HeadFormatVersion = 2;

    /// <summary>The format version of segments.</summary>
    public const ushort SegmentFormatVersion = 1;

    /// <summary>The format version of lists of checkpoints.</summary>
    public const ushort CheckpointListFormatVersion = 1;

    /// <summary>The format version of pins.</summary>
    public const ushort PinFormatVersion = 1;

    /// <summary>The format version of transactions that are left in the inbox.</summary>
    public const ushort InboxFormatVersion = 1;

    /// <summary>The largest head, its frames included.</summary>
    public const int MaxHeadBytes = 32 << 20;

    /// <summary>The most page images, in bytes, that one frame may hold; a larger transaction goes to a segment.</summary>
    public const int MaxFrameRawBytes = 16 << 20;

    /// <summary>The largest index that a head repeats.</summary>
    public const int MaxInlineIndexBytes = 2048;

    /// <summary>The page images, in bytes, that one block of a segment holds when it is full.</summary>
    public const int MaxBlockRawBytes = 65536;

    /// <summary>The most blocks of a segment.</summary>
    public const int MaxBlocks = 1 << 20;

    /// <summary>The most commits that a segment lists.</summary>
    public const int MaxSegmentCommits = 65536;

    /// <summary>SQLite's own bound on the number of pages.</summary>
    public const uint MaxPageCount = 0xFFFF_FFFE;

    /// <summary>Far above any real version, and low enough that sums of versions cannot overflow.</summary>
    public const long MaxVersion = 1L << 62;

    /// <summary>The last millisecond of the year 9999, the end of <see cref="DateTimeOffset"/>. Times before 1970 are refused as well.</summary>
    public const long MaxTimeMs = 253_402_300_799_999;

    /// <summary>Whether SQLite has pages of that size: a power of two from 512 to 65536.</summary>
    public static bool IsPageSize(long bytes) => bytes is >= 512 and <= 65536 && BitOperations.IsPow2(bytes);

    /// <summary>Whether a time can be represented.</summary>
    public static bool IsTime(long timeMs) => (ulong)timeMs <= MaxTimeMs;

    /// <summary>The number of pages in a full block, for writers.</summary>
    public static int PagesPerBlock(int pageBytes) => Math.Max(1, MaxBlockRawBytes / pageBytes);
}
