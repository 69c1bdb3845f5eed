namespace OrleansSqlite.Format;

/// <summary>Whether there is a database behind a head.</summary>
internal enum HeadState : byte
{
    /// <summary>A database that can be read and written.</summary>
    Live = 1,

    /// <summary>A database that was deleted; its objects wait for the collector.</summary>
    Tombstone = 2,
}
