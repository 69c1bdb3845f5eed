namespace OrleansSqlite;

/// <summary>How far an import or export has come.</summary>
/// <param name="BytesDone">Bytes of pages done in this phase.</param>
/// <param name="BytesTotal">Bytes of pages in all.</param>
/// <param name="Phase">What is done now: <c>read</c>, <c>check</c>, <c>upload</c> or <c>write</c>.</param>
public readonly record struct TransferProgress(long BytesDone, long BytesTotal, string Phase);
