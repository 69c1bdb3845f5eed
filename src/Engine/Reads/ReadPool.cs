using System.Collections.Concurrent;
using OrleansSqlite.Commit;
using OrleansSqlite.Pages;

namespace OrleansSqlite.Reads;

/// <summary>The idle connections for queries of one database.</summary>
internal sealed class ReadPool(DatabaseContext context)
{
    private readonly ConcurrentBag<ReadConnection> idle = [];
    private volatile bool closed;

    /// <summary>A connection that stands on the snapshot, which the caller holds until it gives the connection back.</summary>
    public ReadConnection Rent(Snapshot snapshot)
    {
        while (idle.TryTake(out var connection))
        {
            if (ReferenceEquals(connection.Schema, snapshot.Schema))
            {
                connection.Session.Snapshot = snapshot;
                connection.Session.Failure = null;
                return connection;
            }

            connection.Dispose();
        }

        return ReadConnection.Open(context, snapshot);
    }

    /// <summary>Takes a connection back, with no statement open on it.</summary>
    public void Return(ReadConnection connection)
    {
        connection.Session.Snapshot = null;
        if (closed || idle.Count >= context.Options.IdleConnections || connection.Runner.LeavesTraces || connection.Runner.InTransaction)
        {
            connection.Dispose();
        }
        else
        {
            idle.Add(connection);
        }
    }

    /// <summary>Closes the idle connections; those in use close when they come back.</summary>
    public void Close()
    {
        closed = true;
        while (idle.TryTake(out var connection))
        {
            connection.Dispose();
        }
    }
}
