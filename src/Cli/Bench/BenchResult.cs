using System.Globalization;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Cli;

/// <summary>What a bench run measured.</summary>
/// <param name="Callers">How many wrote at once.</param>
/// <param name="Elapsed">How long.</param>
/// <param name="Latencies">Of each transaction, in order of size.</param>
/// <param name="Requests">What went to the store meanwhile.</param>
internal sealed record BenchResult(int Callers, TimeSpan Elapsed, TimeSpan[] Latencies, StoreCounts Requests)
{
    private double PerSecond => Latencies.Length / Elapsed.TotalSeconds;

    private double RequestsPerTransaction => Latencies.Length == 0 ? 0 : (double)Requests.Requests / Latencies.Length;

    public void Write(Terminal terminal, string store, string? kept, bool json)
    {
        if (json)
        {
            WriteJson(terminal, store);
            return;
        }

        Line("store", $"{store}");
        Line("callers", $"{Callers}");
        Line("seconds", $"{Elapsed.TotalSeconds:0.0}");
        Line("transactions", $"{Latencies.Length}");
        Line("per second", $"{PerSecond:0}");
        Line("p50", $"{Percentile(50):0.00} ms");
        Line("p99", $"{Percentile(99):0.00} ms");
        Line("store requests", $"{Requests.Puts} PUT, {Requests.Gets} GET, {Requests.Deletes + Requests.Listings} other: {RequestsPerTransaction:0.000} per transaction");
        if (kept is not null)
        {
            Line("kept as", $"{kept}");
        }

        void Line(string name, FormattableString value) => terminal.Out.WriteLine($"{name,-16}{value.ToString(CultureInfo.InvariantCulture)}");
    }

    private void WriteJson(Terminal terminal, string store) => DatabaseText.WriteJsonLine(terminal, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("store", store);
        writer.WriteNumber("callers", Callers);
        writer.WriteNumber("seconds", Math.Round(Elapsed.TotalSeconds, 3));
        writer.WriteNumber("transactions", Latencies.Length);
        writer.WriteNumber("perSecond", Math.Round(PerSecond, 1));
        writer.WriteNumber("p50Ms", Math.Round(Percentile(50), 3));
        writer.WriteNumber("p99Ms", Math.Round(Percentile(99), 3));
        writer.WriteStartObject("requests");
        writer.WriteNumber("puts", Requests.Puts);
        writer.WriteNumber("gets", Requests.Gets);
        writer.WriteNumber("deletes", Requests.Deletes);
        writer.WriteNumber("listings", Requests.Listings);
        writer.WriteNumber("failures", Requests.Failures);
        writer.WriteNumber("perTransaction", Math.Round(RequestsPerTransaction, 4));
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    /// <summary>The time within which so many percent of the transactions were answered, in milliseconds.</summary>
    private double Percentile(int percent) =>
        Latencies.Length == 0 ? 0 : Latencies[Math.Min(Latencies.Length - 1, Latencies.Length * percent / 100)].TotalMilliseconds;
}
