namespace OrleansSqlite;

/// <summary>What reading a database back came to: <see cref="DatabaseEngine.VerifyAsync"/>.</summary>
public sealed record VerificationReport
{
    /// <summary>The database's name.</summary>
    public required string Database { get; init; }

    /// <summary>The version that was read page by page; null if the head is damaged, so that nobody can say which one is the newest.</summary>
    public long? Version { get; init; }

    /// <summary>How many objects were read.</summary>
    public required int Objects { get; init; }

    /// <summary>How many bytes of them.</summary>
    public required long Bytes { get; init; }

    /// <summary>All that is wrong with what is stored. Empty: everything that was read is whole.</summary>
    public required IReadOnlyList<VerificationFinding> Findings { get; init; }

    /// <summary>What is stored as it was written, but may not be what was meant: rows that break a foreign key or another constraint, a check that could not run.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>
    /// The versions that can be gone back to, oldest first, and whether each is whole: all of them if the history was asked for or the head is damaged,
    /// else only the one that was verified.
    /// </summary>
    public required IReadOnlyList<VerifiedVersions> Versions { get; init; }

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsWhole => Findings.Count == 0;
}

/// <summary>Something that is wrong with what is stored.</summary>
/// <param name="Object">The object's key in the store.</param>
/// <param name="Offset">Where in the object, in bytes; null if it concerns the object as a whole.</param>
/// <param name="What">What is wrong, as a clause without a full stop.</param>
/// <param name="Pages">The pages that can't be read because of it, as far as it is known.</param>
/// <param name="Tables">The tables of the verified version to which these belong, as far as it can be told.</param>
public sealed record VerificationFinding(string Object, long? Offset, string What, IReadOnlyList<PageRange> Pages, IReadOnlyList<string> Tables);

/// <summary>Pages that follow each other.</summary>
/// <param name="First">The number of the first one; the first page of a database is 1.</param>
/// <param name="Last">The number of the last one.</param>
public readonly record struct PageRange(uint First, uint Last)
{
    /// <summary>The number, or the numbers with a hyphen between.</summary>
    public override string ToString() => First == Last ? $"{First}" : $"{First}-{Last}";
}

/// <summary>Versions that can be gone back to, one behind the other, and what became of them.</summary>
/// <param name="First">The oldest of them.</param>
/// <param name="Last">The newest of them.</param>
/// <param name="CommittedAt">When the newest was committed.</param>
/// <param name="IsWhole">Whether every page of each can be read and is what was written. (SQLite's own checks are made of the verified version only.)</param>
/// <param name="Snapshot">The name of the snapshot that holds it, if it is one.</param>
public sealed record VerifiedVersions(long First, long Last, DateTimeOffset CommittedAt, bool IsWhole, string? Snapshot);
