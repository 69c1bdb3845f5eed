namespace OrleansSqlite;

/// <summary>A version in the history of a database.</summary>
/// <param name="Version">Its number.</param>
/// <param name="CommittedAt">When it was committed, by the store's clock as far as its writer knew it; never before the version before.</param>
/// <param name="Bytes">The size of the database at that version, as an ordinary SQLite file, in bytes.</param>
/// <param name="ChangedPages">How many pages its commit changed; null for a commit that was too large to stand in the head.</param>
/// <param name="StoredBytes">What these take in the store, packed, in bytes; null likewise.</param>
/// <param name="Tables">
/// The tables that its commit touched, in the order of their names; null for a commit that was too large to stand in the head, or touched too many.
/// Virtual tables stand here with the tables that they keep their content in, changes of the schema as <c>sqlite_schema</c>.
/// </param>
public sealed record VersionDescription(
    long Version, DateTimeOffset CommittedAt, long Bytes, int? ChangedPages, int? StoredBytes, IReadOnlyList<string>? Tables)
{
    /// <summary>Whether the other one says the same.</summary>
    public bool Equals(VersionDescription? other) =>
        other is not null
        && (Version, CommittedAt, Bytes, ChangedPages, StoredBytes) == (other.Version, other.CommittedAt, other.Bytes, other.ChangedPages, other.StoredBytes)
        && (Tables is null ? other.Tables is null : other.Tables is not null && Tables.SequenceEqual(other.Tables, StringComparer.Ordinal));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Version, CommittedAt, Bytes);
}
