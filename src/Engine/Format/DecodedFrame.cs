namespace OrleansSqlite.Format;

/// <summary>The page images of a frame, unpacked.</summary>
internal sealed class DecodedFrame
{
    /// <summary>The page numbers, ascending.</summary>
    public required uint[] Pages { get; init; }

    /// <summary>Their images, one after the other in the same order.</summary>
    public required byte[] Images { get; init; }
}
