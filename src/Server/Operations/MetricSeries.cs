using System.Globalization;
using System.Text;

namespace OrleansSqlite.Server;

/// <summary>The values of one instrument under one set of labels.</summary>
internal sealed class MetricSeries(bool isHistogram)
{
    /// <summary>Upper bounds in seconds: from a local directory to a store that hardly answers.</summary>
    private static readonly double[] Bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly Lock turn = new();
    private readonly long[] buckets = new long[Bounds.Length];
    private double sum;
    private long count;

    /// <summary>Adds a measurement.</summary>
    public void Add(double value)
    {
        lock (turn)
        {
            sum += value;
            count++;
            for (int i = 0; isHistogram && i < Bounds.Length; i++)
            {
                buckets[i] += value <= Bounds[i] ? 1 : 0;
            }
        }
    }

    /// <summary>Writes its lines.</summary>
    public void Write(StringBuilder text, string name, string labels)
    {
        lock (turn)
        {
            if (!isHistogram)
            {
                Line(text, name, labels, sum);
                return;
            }

            var before = labels.Length == 0 ? "" : labels + ",";
            for (int i = 0; i < Bounds.Length; i++)
            {
                Line(text, $"{name}_bucket", string.Create(CultureInfo.InvariantCulture, $"{before}le=\"{Bounds[i]}\""), buckets[i]);
            }

            Line(text, $"{name}_bucket", $"{before}le=\"+Inf\"", count);
            Line(text, $"{name}_sum", labels, sum);
            Line(text, $"{name}_count", labels, count);
        }
    }

    private static void Line(StringBuilder text, string name, string labels, double value) => text
        .Append(name).Append(labels.Length == 0 ? "" : $"{{{labels}}}").Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
}
