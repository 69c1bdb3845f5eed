namespace OrleansSqlite;

/// <summary>A version that has a name, and is kept until the name is dropped.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">The version.</param>
/// <param name="CommittedAt">When that version was committed.</param>
/// <param name="NamedAt">When it was given the name, by that machine's clock.</param>
/// <param name="Bytes">The size of the database at that version, as an ordinary SQLite file, in bytes.</param>
public sealed record SnapshotDescription(string Name, long Version, DateTimeOffset CommittedAt, DateTimeOffset NamedAt, long Bytes);
