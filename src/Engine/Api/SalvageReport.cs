namespace OrleansSqlite;

/// <summary>What could be saved of a damaged version into a file: <see cref="DatabaseEngine.SalvageAsync"/>.</summary>
/// <param name="Version">The version.</param>
/// <param name="Bytes">The size of the file, in bytes.</param>
/// <param name="LostPages">The pages that could not be read. They are zeroes in the file.</param>
/// <param name="Tables">The tables to which these belong, as far as it can be told.</param>
public sealed record SalvageReport(long Version, long Bytes, IReadOnlyList<PageRange> LostPages, IReadOnlyList<string> Tables);
