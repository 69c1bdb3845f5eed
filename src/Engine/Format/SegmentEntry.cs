namespace OrleansSqlite.Format;

/// <summary>What a head says of a segment: enough to know whether a page may be in it, and to read its index with one range GET or none.</summary>
internal sealed record SegmentEntry
{
    /// <summary>The segment's id.</summary>
    public required SegmentId Id { get; init; }

    /// <summary>The database in whose folder the object lies, if that is another one than the head's: it was forked from that.</summary>
    public string? Home { get; init; }

    /// <summary>How its pages are numbered.</summary>
    public required SegmentKind Kind { get; init; }

    /// <summary>The lowest page in it; 0 if it holds none.</summary>
    public required uint FirstPage { get; init; }

    /// <summary>The highest page in it; 0 if it holds none.</summary>
    public required uint LastPage { get; init; }

    /// <summary>How many page images it holds.</summary>
    public required uint Images { get; init; }

    /// <summary>How many images a block holds; the last block may hold fewer. A power of two.</summary>
    public required int PagesPerBlock { get; init; }

    /// <summary>The first of the commits that it took in.</summary>
    public required long MinVersion { get; init; }

    /// <summary>The last of the commits that it took in: each of its images is the newest one up to this version.</summary>
    public required long MaxVersion { get; init; }

    /// <summary>The collection epoch under which it was uploaded.</summary>
    public required ulong CollectionEpoch { get; init; }

    /// <summary>The size of the whole object.</summary>
    public required long ObjectBytes { get; init; }

    /// <summary>Where in the object the index begins, which is where the blocks end.</summary>
    public required long IndexOffset { get; init; }

    /// <summary>The size of the encoded index.</summary>
    public required int IndexBytes { get; init; }

    /// <summary>A copy of the encoded index if it has at most <see cref="Limits.MaxInlineIndexBytes"/>, else empty.</summary>
    public required ReadOnlyMemory<byte> InlineIndex { get; init; }
}
