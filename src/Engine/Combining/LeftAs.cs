using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Reads;

namespace OrleansSqlite.Combining;

/// <summary>
/// As what a write lies in the inbox. It may come back to run here, though before that somebody has carried it in a version that a restore took back. A
/// second restore can bring that version again: on what it gives, the write has taken effect, and must not run.
/// </summary>
/// <param name="Id">Its id there.</param>
/// <param name="CollectionEpoch">The collection epoch in which it was left: as long as that lasts nothing has been restored.</param>
internal sealed record LeftAs(InboxId Id, ulong CollectionEpoch)
{
    /// <summary>Why it must not run on that state; null if it may.</summary>
    /// <param name="context">The database.</param>
    /// <param name="tip">What it would run on.</param>
    /// <param name="collectionEpoch">The collection epoch of the newest durable version, asked for after the state.</param>
    public DatabaseException? Obstacle(DatabaseContext context, Snapshot tip, ulong collectionEpoch)
    {
        if (collectionEpoch == CollectionEpoch)
        {
            return null;
        }

        using var connection = ReadConnection.Open(context, tip);
        return InboxLog.Find(connection.Runner, Id) is { Kind: InboxOutcomeKind.Done or InboxOutcomeKind.DoneWithObject or InboxOutcomeKind.Repeated } carried
            ? Errors.BroughtBack(context.Name, carried.Version)
            : null;
    }
}
