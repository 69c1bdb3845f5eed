using Orleans;

namespace OrleansSqlite.Wire;

/// <summary>What a collection did, on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.CollectionReport")]
internal struct CollectionReportSurrogate
{
    [Id(0)]
    public int Deleted;

    [Id(1)]
    public long DeletedBytes;

    [Id(2)]
    public int Kept;

    [Id(3)]
    public long KeptBytes;

    [Id(4)]
    public int Young;

    [Id(5)]
    public long OldestVersion;
}

[RegisterConverter]
internal sealed class CollectionReportConverter : IConverter<CollectionReport, CollectionReportSurrogate>
{
    public CollectionReport ConvertFromSurrogate(in CollectionReportSurrogate surrogate) => new(
        surrogate.Deleted, surrogate.DeletedBytes, surrogate.Kept, surrogate.KeptBytes, surrogate.Young, surrogate.OldestVersion);

    public CollectionReportSurrogate ConvertToSurrogate(in CollectionReport value) => new()
    {
        Deleted = value.Deleted,
        DeletedBytes = value.DeletedBytes,
        Kept = value.Kept,
        KeptBytes = value.KeptBytes,
        Young = value.Young,
        OldestVersion = value.OldestVersion,
    };
}

/// <summary>How far a compaction has come, on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.TransferProgress")]
internal struct TransferProgressSurrogate
{
    [Id(0)]
    public long BytesDone;

    [Id(1)]
    public long BytesTotal;

    [Id(2)]
    public string Phase;
}

[RegisterConverter]
internal sealed class TransferProgressConverter : IConverter<TransferProgress, TransferProgressSurrogate>
{
    public TransferProgress ConvertFromSurrogate(in TransferProgressSurrogate surrogate) => new(
        surrogate.BytesDone, surrogate.BytesTotal, surrogate.Phase);

    public TransferProgressSurrogate ConvertToSurrogate(in TransferProgress value) => new()
    {
        BytesDone = value.BytesDone,
        BytesTotal = value.BytesTotal,
        Phase = value.Phase,
    };
}
