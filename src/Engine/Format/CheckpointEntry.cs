namespace OrleansSqlite.Format;

/// <summary>
/// What a head says of a part of the history: one saved head (level 0), or a list of entries (level 1 and above), so that a head stays small
/// however long its database lives.
/// </summary>
internal sealed record CheckpointEntry
{
    /// <summary>The size of an entry.</summary>
    public const int Bytes = 49;

    /// <summary>How many entries of one level are put into a list of the next.</summary>
    public const int FanOut = 16;

    /// <summary>The highest level: 16 to the power of 8 saved heads are more than anybody makes.</summary>
    public const int MaxLevel = 8;

    /// <summary>
    /// The fewest versions that may be left out between two entries that follow each other. Commits leave none out. The repair of a database whose head is
    /// damaged goes on far above all versions that may have been committed, so that none of these numbers ever means two states.
    /// </summary>
    public const long LeastGap = 1 << 16;

    /// <summary>0 for a saved head, else how many lists deep the saved heads are.</summary>
    public required byte Level { get; init; }

    /// <summary>The object's name.</summary>
    public required CheckpointId Id { get; init; }

    /// <summary>The oldest version that can be read from it.</summary>
    public required long FirstVersion { get; init; }

    /// <summary>The newest version that can be read from it.</summary>
    public required long LastVersion { get; init; }

    /// <summary>When the newest version was committed, in unix milliseconds.</summary>
    public required long LastTimeMs { get; init; }

    /// <summary>The size of the object.</summary>
    public required uint ObjectBytes { get; init; }

    /// <summary>How many bytes of a saved head come before its frames: enough to know which segments it names. The whole size of a list.</summary>
    public required uint ListBytes { get; init; }

    /// <summary>Writes the entry.</summary>
    public static void Write(ref ByteWriter writer, CheckpointEntry entry)
    {
        writer.U8(entry.Level);
        writer.U128(entry.Id.Value);
        writer.I64(entry.FirstVersion);
        writer.I64(entry.LastVersion);
        writer.I64(entry.LastTimeMs);
        writer.U32(entry.ObjectBytes);
        writer.U32(entry.ListBytes);
    }

    /// <summary>Reads an entry. What its fields must be is checked by <see cref="CheckpointInvariants"/>.</summary>
    public static CheckpointEntry Read(ref ByteReader reader) => new()
    {
        Level = reader.U8(),
        Id = new CheckpointId(reader.U128()),
        FirstVersion = reader.I64(),
        LastVersion = reader.I64(),
        LastTimeMs = reader.I64(),
        ObjectBytes = reader.U32(),
        ListBytes = reader.U32(),
    };
}
