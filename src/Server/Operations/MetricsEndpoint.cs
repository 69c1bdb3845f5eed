using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server;

/// <summary>The engine's metrics in Prometheus' text format. Counted from the server's start, in this process; asks no store.</summary>
internal sealed class MetricsEndpoint : IDisposable
{
    /// <summary>Left out: what was counted once stays, and there is no end to the names of databases.</summary>
    private const string Database = "db.namespace";

    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<Instrument, ConcurrentDictionary<string, MetricSeries>> instruments = new();

    public MetricsEndpoint()
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == Metrics.Name)
            {
                var series = instruments.GetOrAdd(instrument, _ => new(StringComparer.Ordinal));
                if (instrument is Counter<long>)
                {
                    // What was never counted is 0, and not missing.
                    series.TryAdd("", new MetricSeries(isHistogram: false));
                }

                self.EnableMeasurementEvents(instrument, series);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, series) => Add(instrument, value, tags, series));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, series) => Add(instrument, value, tags, series));
        listener.Start();
    }

    public Task ShowAsync(HttpContext context)
    {
        StringBuilder text = new();
        foreach (var (instrument, series) in instruments.OrderBy(pair => pair.Key.Name, StringComparer.Ordinal))
        {
            var isHistogram = IsHistogram(instrument);
            var name = instrument.Name.Replace('.', '_') + (isHistogram ? "_seconds" : "_total");
            text.Append("# HELP ").Append(name).Append(' ').Append(instrument.Description).Append('\n');
            text.Append("# TYPE ").Append(name).Append(isHistogram ? " histogram\n" : " counter\n");
            var labelled = series.Where(pair => pair.Key.Length > 0).ToList();
            foreach (var (labels, values) in (labelled.Count > 0 ? labelled : [.. series]).OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                values.Write(text, name, labels);
            }
        }

        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }

    public void Dispose() => listener.Dispose();

    private static bool IsHistogram(Instrument instrument) => instrument is Histogram<double> or Histogram<long>;

    private static void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? series) =>
        ((ConcurrentDictionary<string, MetricSeries>)series!).GetOrAdd(Labels(tags), static (_, isHistogram) => new(isHistogram), IsHistogram(instrument)).Add(value);

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0)
        {
            return "";
        }

        StringBuilder labels = new();
        foreach (var (key, value) in tags)
        {
            if (key == Database)
            {
                continue;
            }

            var escaped = $"{value}".Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            labels.Append(labels.Length == 0 ? "" : ",").Append(key.Replace('.', '_')).Append("=\"").Append(escaped).Append('"');
        }

        return labels.ToString();
    }
}
