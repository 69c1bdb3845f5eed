namespace OrleansSqlite.Format;

/// <summary>Where a block of a segment lies, and what must come out of it.</summary>
internal readonly record struct BlockLocation
{
    /// <summary>Where in the object it begins.</summary>
    public required long Offset { get; init; }

    /// <summary>How many bytes it has there.</summary>
    public required int StoredBytes { get; init; }

    /// <summary>How it is packed.</summary>
    public required Codec Codec { get; init; }

    /// <summary>The checksum of its stored bytes, started from <see cref="CrcSeed"/>.</summary>
    public required uint Crc { get; init; }

    /// <summary>What the checksum starts from: the segment and the block's place in it.</summary>
    public required uint CrcSeed { get; init; }

    /// <summary>The place of its first image among all of the segment.</summary>
    public required int FirstOrdinal { get; init; }

    /// <summary>How many images it holds.</summary>
    public required int Images { get; init; }
}
