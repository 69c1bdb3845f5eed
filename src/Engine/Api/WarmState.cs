namespace OrleansSqlite;

/// <summary>What a process knew of a database, for another one to begin with: it saves a GET, and promises nothing.</summary>
/// <param name="Head">The head, as docs/FORMAT.md describes it, with its checksum.</param>
/// <param name="Tag">The store's tag of exactly that head.</param>
public sealed record WarmState(ReadOnlyMemory<byte> Head, string Tag);
