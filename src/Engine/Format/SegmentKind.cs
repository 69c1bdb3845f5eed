namespace OrleansSqlite.Format;

/// <summary>How the pages of a segment are numbered.</summary>
internal enum SegmentKind : byte
{
    /// <summary>Every page from the first to the last: found by arithmetic, without a list of page numbers.</summary>
    Dense = 1,

    /// <summary>Some pages, listed in ascending order.</summary>
    Sparse = 2,
}
