namespace OrleansSqlite;

/// <summary>Settings of a database engine, validated when it is opened.</summary>
public sealed record DatabaseOptions
{
    /// <summary>Memory for pages that can be read again from the store, for all databases of the engine, in bytes. Default 256 MiB.</summary>
    public long PageCacheBytes { get; init; } = 256L << 20;

    /// <summary>
    /// A folder for a cache on disk behind the one in memory: the stored bytes of segments, verified when they are read, shared by all processes that
    /// name the same folder, and free to be deleted at any time. Default null: none.
    /// </summary>
    public string? DiskCachePath { get; init; }

    /// <summary>The most that the cache on disk takes for one store, in bytes, approximately. Default 1 GiB.</summary>
    public long DiskCacheBytes { get; init; } = 1L << 30;

    /// <summary>
    /// Whether a read of a segment is sent a second time if it takes longer than nearly all others did lately: at most one in twenty. Default true.
    /// </summary>
    public bool HedgeReads { get; init; } = true;

    /// <summary>Frames stay inline in the head up to this size, in bytes; beyond it they move to a segment. Default 128 KiB.</summary>
    public int InlineBytes { get; init; } = 128 << 10;

    /// <summary>The page size of new databases in bytes: a power of two from 512 to 65536. Default 4096.</summary>
    public int PageBytes { get; init; } = 4096;

    /// <summary>How long a write may run again after lost races before it fails with <see cref="ErrorCodes.RetriesExhausted"/>. Default 60 s.</summary>
    public TimeSpan RetryTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a write may run again after lost races. Default 1000.</summary>
    public int RetryCount { get; init; } = 1000;

    /// <summary>
    /// Whether batches that lose races to many other processes are left in the store for whoever wins, and others' are carried likewise: one swap then
    /// carries them all. Needs the permission to list and delete. Default true.
    /// </summary>
    public bool Combine { get; init; } = true;

    /// <summary>How long an operation id is remembered. Default 24 hours.</summary>
    public TimeSpan OperationRetention { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How many writes of one database may wait before further ones are refused as overloaded. Default 10,000.</summary>
    public int QueueLength { get; init; } = 10_000;

    /// <summary>
    /// How often a database that is written to is collected: what is older than its retention, and what lost races have left behind, is deleted beside the commits of
    /// whoever writes. All processes share one schedule. Zero: this one never does it. Default a day.
    /// </summary>
    public TimeSpan CollectInterval { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Threads that run SQLite, for all databases of the engine. Default: four times the cores, at least 8.</summary>
    public int Threads { get; init; } = Math.Max(8, 4 * Environment.ProcessorCount);

    /// <summary>How many idle connections each database keeps for reads. Default 8.</summary>
    public int IdleConnections { get; init; } = 8;

    /// <summary>Whether opening the engine checks that the store honours conditions. Default true: 18 small requests, once.</summary>
    public bool ProbeStore { get; init; } = true;

    /// <summary>The most bytes that one statement of a batch may give back, in bytes. Default 64 MiB.</summary>
    public long ResultBytes { get; init; } = 64L << 20;

    /// <summary>The most memory that one transaction's changed pages may take, in bytes. Default 512 MiB. VACUUM changes all pages.</summary>
    public long TransactionBytes { get; init; } = 512L << 20;

    /// <summary>Checks every setting.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadArgument"/>, naming the setting and its range.</exception>
    public void Validate()
    {
        Check(PageCacheBytes >= 1 << 20, nameof(PageCacheBytes), "at least 1 MiB");
        Check(DiskCacheBytes >= 1 << 20, nameof(DiskCacheBytes), "at least 1 MiB");
        Check(DiskCachePath is null or { Length: > 0 }, nameof(DiskCachePath), "a folder, or none");
        Check(InlineBytes is >= 1 << 10 and <= 4 << 20, nameof(InlineBytes), "from 1 KiB to 4 MiB");
        Check(PageBytes is >= 512 and <= 65536 && (PageBytes & (PageBytes - 1)) == 0, nameof(PageBytes), "a power of two from 512 to 65536");
        Check(RetryTime > TimeSpan.Zero, nameof(RetryTime), "above zero");
        Check(RetryCount >= 0, nameof(RetryCount), "at least 0");
        Check(OperationRetention > TimeSpan.Zero, nameof(OperationRetention), "above zero");
        Check(CollectInterval >= TimeSpan.Zero, nameof(CollectInterval), "zero (never), or above");
        Check(QueueLength >= 1, nameof(QueueLength), "at least 1");
        Check(Threads is >= 1 and <= 1024, nameof(Threads), "from 1 to 1024");
        Check(IdleConnections >= 0, nameof(IdleConnections), "at least 0");
        Check(TransactionBytes >= 1 << 20, nameof(TransactionBytes), "at least 1 MiB");
        Check(ResultBytes >= 1 << 10, nameof(ResultBytes), "at least 1 KiB");
    }

    private static void Check(bool holds, string setting, string range)
    {
        if (!holds)
        {
            throw new DatabaseException(ErrorKind.Invalid, ErrorCodes.BadArgument, $"The setting {setting} must be {range}.");
        }
    }
}
