namespace OrleansSqlite;

/// <summary>What a repair did, or would do: <see cref="DatabaseEngine.RepairAsync"/>.</summary>
/// <param name="Source">The newest version that is whole: its rows are the database's again.</param>
/// <param name="SourceCommittedAt">When it was committed.</param>
/// <param name="Snapshot">The name of the snapshot that holds it, if it is to be had from one only.</param>
/// <param name="Newest">The newest version that was committed, as far as it is known.</param>
/// <param name="NewestCommittedAt">When that was.</param>
/// <param name="IsHeadDamaged">Whether the head itself was damaged: then there may have been versions after <paramref name="Newest"/> that nobody knows of.</param>
/// <param name="Version">The version that the repair made; null if it was only asked what it would do.</param>
/// <param name="Findings">What was wrong.</param>
public sealed record RepairReport(
    long Source,
    DateTimeOffset SourceCommittedAt,
    string? Snapshot,
    long Newest,
    DateTimeOffset NewestCommittedAt,
    bool IsHeadDamaged,
    long? Version,
    IReadOnlyList<VerificationFinding> Findings);
