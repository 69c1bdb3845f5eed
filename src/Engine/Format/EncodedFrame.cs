namespace OrleansSqlite.Format;

/// <summary>What one commit changed, as it is stored. A head carries it on verbatim until it moves to a segment.</summary>
internal sealed class EncodedFrame
{
    /// <summary>The version that the commit made.</summary>
    public required long Version { get; init; }

    /// <summary>The commit's id.</summary>
    public required CommitId Id { get; init; }

    /// <summary>When it was made, in unix milliseconds by its writer's clock.</summary>
    public required long TimeMs { get; init; }

    /// <summary>How many pages the database has after it.</summary>
    public required uint PageCount { get; init; }

    /// <summary>How many page images it holds.</summary>
    public required int Images { get; init; }

    /// <summary>The size of its images, unpacked.</summary>
    public required int RawBytes { get; init; }

    /// <summary>The exact stored bytes, checksum included.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }
}
