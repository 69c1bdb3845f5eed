using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Reads;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Combining;

/// <summary>What the newest version says of a write that was left: its outcome stands in the database itself.</summary>
internal sealed class OutcomeLook(EngineThreads threads, ReadPool pool, Func<Task<DurableHead>> look)
{
    /// <summary>The newest head; null if it can't be read now.</summary>
    public async Task<DurableHead?> TryLookAsync()
    {
        try
        {
            return await look().ConfigureAwait(false);
        }
        catch (DatabaseException e) when (e.Kind is ErrorKind.Unavailable or ErrorKind.Corrupt)
        {
            return null;
        }
    }

    /// <summary>What a head says of it; null if nothing, or if its pages can't be read now. The head is released.</summary>
    public async Task<(long Version, InboxOutcome? Outcome)> FindAsync(DurableHead head, InboxId id)
    {
        try
        {
            return await threads.RunAsync(() => (head.Version, Find(head, id))).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StoreException or DatabaseException { Kind: ErrorKind.Unavailable or ErrorKind.Corrupt or ErrorKind.Conflict })
        {
            return (head.Version, null);
        }
        finally
        {
            head.Snapshot.Release();
        }
    }

    private InboxOutcome? Find(DurableHead head, InboxId id)
    {
        var connection = pool.Rent(head.Snapshot);
        try
        {
            return InboxLog.Find(connection.Runner, id);
        }
        finally
        {
            pool.Return(connection);
        }
    }
}
