namespace OrleansSqlite.Stores;

/// <summary>How many requests went to a store, by kind, and how many bytes. A request that failed or lost is counted like any other.</summary>
public readonly record struct StoreCounts
{
    /// <summary>Reads of whole objects, <see cref="NotModified"/> included.</summary>
    public long Reads { get; init; }

    /// <summary>Reads that found the caller's copy current.</summary>
    public long NotModified { get; init; }

    /// <summary>Reads of ranges.</summary>
    public long RangeReads { get; init; }

    /// <summary>How many of <see cref="RangeReads"/> were sent because another one for the same bytes was slow.</summary>
    public long Hedged { get; init; }

    /// <summary>Writes without a condition.</summary>
    public long Writes { get; init; }

    /// <summary>Swaps, <see cref="SwapsDone"/> included.</summary>
    public long Swaps { get; init; }

    /// <summary>Swaps that were applied.</summary>
    public long SwapsDone { get; init; }

    /// <summary>Deletes.</summary>
    public long Deletes { get; init; }

    /// <summary>Listings begun; one may take several requests.</summary>
    public long Listings { get; init; }

    /// <summary>Requests that ended in a <see cref="StoreException"/>.</summary>
    public long Failures { get; init; }

    /// <summary>Bytes of content that came back.</summary>
    public long BytesRead { get; init; }

    /// <summary>Bytes of content that were sent, whatever became of them.</summary>
    public long BytesWritten { get; init; }

    /// <summary>Reads of any sort: what S3 bills as GET.</summary>
    public long Gets => Reads + RangeReads;

    /// <summary>Writes and swaps: what S3 bills as PUT.</summary>
    public long Puts => Writes + Swaps;

    /// <summary>All requests.</summary>
    public long Requests => Gets + Puts + Deletes + Listings;

    /// <summary>What happened between two moments.</summary>
    public static StoreCounts operator -(StoreCounts later, StoreCounts earlier) => new()
    {
        Reads = later.Reads - earlier.Reads,
        NotModified = later.NotModified - earlier.NotModified,
        RangeReads = later.RangeReads - earlier.RangeReads,
        Hedged = later.Hedged - earlier.Hedged,
        Writes = later.Writes - earlier.Writes,
        Swaps = later.Swaps - earlier.Swaps,
        SwapsDone = later.SwapsDone - earlier.SwapsDone,
        Deletes = later.Deletes - earlier.Deletes,
        Listings = later.Listings - earlier.Listings,
        Failures = later.Failures - earlier.Failures,
        BytesRead = later.BytesRead - earlier.BytesRead,
        BytesWritten = later.BytesWritten - earlier.BytesWritten,
    };
}
