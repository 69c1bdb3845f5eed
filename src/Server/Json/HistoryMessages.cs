namespace OrleansSqlite.Server;

/// <summary>The body of <c>POST …/restore</c>.</summary>
internal sealed record RestoreRequest(ReadLevel To);

/// <summary>The body of <c>POST …/snapshots</c>.</summary>
internal sealed record SnapshotRequest(string Name, ReadLevel At = default);

/// <summary>The body of <c>POST …/fork</c>.</summary>
internal sealed record ForkRequest(string Name, ReadLevel At = default);

/// <summary>The body of <c>PUT …/retention</c>.</summary>
internal sealed record RetentionRequest(long Seconds);

/// <summary>A version in the history of a database.</summary>
internal sealed record VersionMessage(long Version, DateTimeOffset CommittedAt, long Bytes, int? ChangedPages, int? StoredBytes, IReadOnlyList<string>? Tables)
{
    public static VersionMessage From(VersionDescription it) => new(it.Version, it.CommittedAt, it.Bytes, it.ChangedPages, it.StoredBytes, it.Tables);
}

/// <summary>The answer of <c>GET …/history</c>.</summary>
/// <param name="Versions">The versions, newest first.</param>
/// <param name="Below">What to ask for next, if there are more.</param>
internal sealed record HistoryMessage(IReadOnlyList<VersionMessage> Versions, long? Below)
{
    public static HistoryMessage From(IReadOnlyList<VersionDescription> versions, bool more) =>
        new([.. versions.Select(VersionMessage.From)], more ? versions[^1].Version : null);
}

/// <summary>A version that has a name.</summary>
internal sealed record SnapshotMessage(string Name, long Version, DateTimeOffset CommittedAt, DateTimeOffset NamedAt, long Bytes)
{
    public static SnapshotMessage From(SnapshotDescription it) => new(it.Name, it.Version, it.CommittedAt, it.NamedAt, it.Bytes);
}

/// <summary>The answer of <c>GET …/snapshots</c>.</summary>
internal sealed record SnapshotsMessage(IReadOnlyList<SnapshotMessage> Snapshots);

/// <summary>What a collection deleted, or would delete.</summary>
internal sealed record CollectionMessage(string Name, int Deleted, long DeletedBytes, int Kept, long KeptBytes, int Young, long OldestVersion)
{
    public static CollectionMessage From(string name, CollectionReport it) =>
        new(name, it.Deleted, it.DeletedBytes, it.Kept, it.KeptBytes, it.Young, it.OldestVersion);
}
