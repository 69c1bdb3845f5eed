namespace OrleansSqlite.Format;

/// <summary>That a commit happened: its id, and when by its writer's clock.</summary>
/// <param name="Id">The commit's id.</param>
/// <param name="TimeMs">Unix milliseconds, within <see cref="Limits.MaxTimeMs"/>.</param>
internal readonly record struct CommitRecord(CommitId Id, long TimeMs);
