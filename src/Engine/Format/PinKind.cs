namespace OrleansSqlite.Format;

/// <summary>What a pin holds segments alive for.</summary>
internal enum PinKind : byte
{
    /// <summary>A version with a name.</summary>
    Snapshot = 1,

    /// <summary>A database that was forked from this one, or from a fork of it.</summary>
    Fork = 2,
}
