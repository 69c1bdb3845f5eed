namespace OrleansSqlite.Pages;

/// <summary>Counts the snapshots of one open database that somebody holds. None is left when it is closed: their memory is not the collector's.</summary>
internal sealed class SnapshotCount
{
    private int held;

    /// <summary>How many there are.</summary>
    public int Held => Volatile.Read(ref held);

    /// <summary>One more.</summary>
    public void Add() => Interlocked.Increment(ref held);

    /// <summary>One fewer.</summary>
    public void Remove() => Interlocked.Decrement(ref held);
}
