namespace OrleansSqlite;

/// <summary>What a garbage collection deleted, or would delete.</summary>
/// <param name="Deleted">How many objects.</param>
/// <param name="DeletedBytes">Their size in bytes.</param>
/// <param name="Kept">How many objects are still named by the head, by the history that is kept, or by a pin.</param>
/// <param name="KeptBytes">Their size in bytes.</param>
/// <param name="Young">How many objects are named by nothing, but too young to be deleted: they may be about to be.</param>
/// <param name="OldestVersion">The oldest version that can be read after it.</param>
public sealed record CollectionReport(int Deleted, long DeletedBytes, int Kept, long KeptBytes, int Young, long OldestVersion);
