using System.Globalization;

namespace OrleansSqlite.Cli;

/// <summary>Tells a log how far an import or export is: a line every ten seconds, so that a short one says nothing.</summary>
internal sealed class ProgressLines(TextWriter writer, TimeProvider time) : IProgress<TransferProgress>
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);
    private readonly Lock gate = new();
    private long told = time.GetTimestamp();
    private string phase = "";
    private long began;
    private long beganBytes;

    public void Report(TransferProgress value)
    {
        lock (gate)
        {
            long now = time.GetTimestamp();
            if (value.Phase != phase)
            {
                (phase, began, beganBytes) = (value.Phase, now, value.BytesDone);
            }

            if (time.GetElapsedTime(told, now) >= Every)
            {
                told = now;
                writer.WriteLine(Line(value, time.GetElapsedTime(began, now)));
                writer.Flush();
            }
        }
    }

    private string Line(TransferProgress value, TimeSpan took)
    {
        double rate = took > TimeSpan.Zero ? (value.BytesDone - beganBytes) / took.TotalSeconds : 0;
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{value.Phase}: {100.0 * value.BytesDone / Math.Max(1, value.BytesTotal):0} % of {value.BytesTotal / 1e6:#,##0} MB");
        return rate <= 0 ? line : string.Create(
            CultureInfo.InvariantCulture,
            $"{line}, {rate / 1e6:0.0} MB/s, {TimeSpan.FromSeconds(Math.Ceiling((value.BytesTotal - value.BytesDone) / rate)):hh\\:mm\\:ss} left");
    }
}
