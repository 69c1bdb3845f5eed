namespace OrleansSqlite.Format;

/// <summary>The fixed sizes of a segment's parts, and the bounds of its index, which are known before the index is read.</summary>
internal static class SegmentLayout
{
    /// <summary>The header, checksum included; the first block follows it.</summary>
    public const int HeaderBytes = 52;

    /// <summary>The footer, which ends the object.</summary>
    public const int FooterBytes = 24;

    /// <summary>The fields of the index before the page numbers, and the checksum behind it.</summary>
    private const int IndexFixedBytes = 27;

    private const int CrcBytes = 4;

    /// <summary>What the index needs for a block: at least one byte of size, the codec and a checksum.</summary>
    public const int MinBlockFields = 6;

    /// <summary>What the index needs for a commit: at least one byte of version, the id and the time.</summary>
    public const int MinCommitFields = 25;

    private const int MaxBlockFields = 8;
    private const int MaxCommitFields = 34;

    /// <summary>The number of blocks that hold so many images.</summary>
    public static long BlockCount(long images, int pagesPerBlock) => (images + pagesPerBlock - 1) / pagesPerBlock;

    /// <summary>The size of the smallest index of such a segment.</summary>
    public static long MinIndexBytes(SegmentKind kind, long images, long blocks) =>
        IndexFixedBytes + (kind == SegmentKind.Sparse ? Math.Max(0, images - 1) : 0) + blocks * MinBlockFields + 1 + CrcBytes;

    /// <summary>The size of the largest index of such a segment.</summary>
    public static long MaxIndexBytes(SegmentKind kind, long images, long blocks) =>
        MaxIndexBytes(kind, images, blocks, Limits.MaxSegmentCommits);

    /// <summary>The most that the index of such a segment needs with so many commits.</summary>
    public static long MaxIndexBytes(SegmentKind kind, long images, long blocks, int commits) =>
        IndexFixedBytes + (kind == SegmentKind.Sparse ? images * ByteWriter.MaxVarint32Bytes : 0) + blocks * MaxBlockFields
        + ByteWriter.MaxVarint32Bytes + (long)commits * MaxCommitFields + CrcBytes;

    /// <summary>
    /// What the checksum of a block starts from: the id of its segment, folded, and its place in it.
    /// So a block of another segment or from another place never passes for it.
    /// </summary>
    public static uint BlockSeed(SegmentId id, int block)
    {
        ulong folded = (ulong)id.Value ^ (ulong)(id.Value >> 64);
        return (uint)folded ^ (uint)(folded >> 32) ^ (uint)block;
    }
}
