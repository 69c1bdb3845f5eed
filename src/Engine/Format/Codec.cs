namespace OrleansSqlite.Format;

/// <summary>How a run of bytes is stored. One byte in the files, so more can follow.</summary>
internal enum Codec : byte
{
    /// <summary>As it is.</summary>
    None = 0,

    /// <summary>One Brotli stream (RFC 7932), always smaller than what it holds.</summary>
    Brotli = 1,
}
