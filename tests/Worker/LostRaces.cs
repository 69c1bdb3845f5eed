using System.Diagnostics.Metrics;

namespace OrleansSqlite.Worker;

/// <summary>Counts the swaps of this process that a rival was first to, by the library's own metric.</summary>
internal sealed class LostRaces : IDisposable
{
    private readonly MeterListener listener = new();
    private long count;

    public LostRaces()
    {
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument is { Meter.Name: Metrics.Name, Name: "orleans_sqlite.lost_races" })
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, lost, _, _) => Interlocked.Add(ref count, lost));
        listener.Start();
    }

    /// <summary>How many since the last call.</summary>
    public long Take() => Interlocked.Exchange(ref count, 0);

    public void Dispose() => listener.Dispose();
}
