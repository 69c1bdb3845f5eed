using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OrleansSqlite;

/// <summary>The library's <see cref="Meter"/> and <see cref="ActivitySource"/>, both named <c>OrleansSqlite</c>.</summary>
public static class Metrics
{
    /// <summary>The name to listen to.</summary>
    public const string Name = "OrleansSqlite";

    private static readonly Meter Meter = new(Name);

    /// <summary>The bounds of the conventions. What makes histograms without any has bounds for milliseconds.</summary>
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] };

    internal static ActivitySource Activities { get; } = new(Name);

    internal static Counter<long> Commits { get; } = Meter.CreateCounter<long>("orleans_sqlite.commits", "{commit}", "Swaps that landed.");

    internal static Counter<long> Transactions { get; } = Meter.CreateCounter<long>("orleans_sqlite.transactions", "{transaction}", "Transactions answered after their commit.");

    internal static Counter<long> Losses { get; } = Meter.CreateCounter<long>("orleans_sqlite.lost_races", "{swap}", "Swaps that a rival was first to.");

    internal static Counter<long> Queries { get; } = Meter.CreateCounter<long>("orleans_sqlite.queries", "{query}", "Queries begun.");

    internal static Counter<long> StoreRequests { get; } = Meter.CreateCounter<long>("orleans_sqlite.store.requests", "{request}", "Requests to the object store, by kind: the bill.");

    internal static Counter<long> Hedges { get; } = Meter.CreateCounter<long>("orleans_sqlite.store.hedges", "{request}", "Reads that were sent a second time because the first was slow.");

    internal static Histogram<double> SwapSeconds { get; } = Meter.CreateHistogram("orleans_sqlite.swap.duration", "s", "How long swaps take.", tags: null, Seconds);

    internal static Histogram<double> CallSeconds { get; } = Meter.CreateHistogram("db.client.operation.duration", "s", "How long calls take.", tags: null, Seconds);
}
