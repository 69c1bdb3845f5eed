namespace OrleansSqlite.Format;

/// <summary>A finished segment: what to upload, and what the head will say of it.</summary>
internal sealed class SegmentObject
{
    /// <summary>The bytes of the object.</summary>
    public required ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>Its entry for the head.</summary>
    public required SegmentEntry Entry { get; init; }

    /// <summary>Its index, read back from the content.</summary>
    public required SegmentIndex Index { get; init; }
}
