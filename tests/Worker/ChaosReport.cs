using System.Diagnostics;
using System.Text;

namespace OrleansSqlite.Worker;

/// <summary>
/// What a process says of its writes, a line for each event, on standard output. A line is in the pipe, whole, before the caller goes on:
/// a kill takes nothing away. Times are ticks of the machine's monotonic clock, which all processes share.
/// <code>
/// begin MARKER TICKS
/// landed MARKER TICKS VERSION N PLACE      what the write was told
/// refused MARKER TICKS CODE                it has not taken effect
/// unknown MARKER TICKS CODE
/// read BEGAN VERSION
/// done
/// </code>
/// </summary>
internal sealed class ChaosReport : IDisposable
{
    private readonly Lock turn = new();
    private readonly Stream output = Console.OpenStandardOutput();

    public static long Now => Stopwatch.GetTimestamp();

    public void Begin(ChaosWrite write) => Say($"begin {write.Marker} {Now}");

    public void Landed(ChaosWrite write, long version, string n, string place) => Say($"landed {write.Marker} {Now} {version} {n} {place}");

    public void Ended(ChaosWrite write, bool isKnown, string code) => Say($"{(isKnown ? "refused" : "unknown")} {write.Marker} {Now} {code}");

    public void Read(long began, long version) => Say($"read {began} {version}");

    public void Done() => Say("done");

    public void Dispose() => output.Dispose();

    private void Say(string line)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(line + "\n");
        lock (turn)
        {
            output.Write(bytes);
        }
    }
}
