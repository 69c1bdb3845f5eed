using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Commit;

/// <summary>A head that is in the store, or was: its content, its tag, and its pages ready to be read.</summary>
/// <param name="Head">The content.</param>
/// <param name="Tag">The store's token for exactly this content.</param>
/// <param name="Snapshot">The pages; whoever holds this record's reference holds the snapshot's.</param>
internal sealed record DurableHead(Head Head, ETag Tag, Snapshot Snapshot)
{
    /// <summary>The version.</summary>
    public long Version => Head.Version;
}
