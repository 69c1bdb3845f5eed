namespace OrleansSqlite.Format;

/// <summary>What a segment's index says of the segment as a whole; the head's entry says the same.</summary>
internal readonly record struct SegmentIndexFields
{
    public required SegmentKind Kind { get; init; }

    public required uint FirstPage { get; init; }

    public required uint LastPage { get; init; }

    public required uint Images { get; init; }

    public required int PagesPerBlock { get; init; }

    public required long MinVersion { get; init; }

    public required long MaxVersion { get; init; }

    /// <summary>Those of a head's entry.</summary>
    public static SegmentIndexFields Of(SegmentEntry entry) => new()
    {
        Kind = entry.Kind,
        FirstPage = entry.FirstPage,
        LastPage = entry.LastPage,
        Images = entry.Images,
        PagesPerBlock = entry.PagesPerBlock,
        MinVersion = entry.MinVersion,
        MaxVersion = entry.MaxVersion,
    };
}
