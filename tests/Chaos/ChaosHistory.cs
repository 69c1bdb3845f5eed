using System.Globalization;

namespace OrleansSqlite.Tests;

/// <summary>A strong read that was answered.</summary>
/// <param name="Began">When it was asked for.</param>
/// <param name="Version">The version that it saw.</param>
internal sealed record StrongRead(long Began, long Version);

/// <summary>What all processes have said.</summary>
internal sealed class ChaosHistory
{
    private readonly Lock turn = new();
    private readonly Dictionary<string, ChaosRecord> writes = [];
    private readonly List<StrongRead> reads = [];
    private int acknowledged;

    /// <summary>The writes.</summary>
    public IReadOnlyCollection<ChaosRecord> Writes => writes.Values;

    /// <summary>The strong reads.</summary>
    public IReadOnlyList<StrongRead> Reads => reads;

    /// <summary>How many writes have landed, as far as anybody was told.</summary>
    public int Acknowledged => Volatile.Read(ref acknowledged);

    /// <summary>Takes in what a process has said (tests/Worker/ChaosReport.cs says what it looks like).</summary>
    public void Hear(string line)
    {
        string[] words = line.Split(' ');
        lock (turn)
        {
            switch (words[0])
            {
                case "begin":
                    Write(words[1]).Begin(Number(2));
                    break;
                case "landed":
                    acknowledged += Write(words[1]).Ended == Ended.Landed ? 0 : 1;
                    Write(words[1]).Land(Number(2), Number(3), Number(4), Number(5));
                    break;
                case "refused":
                    Write(words[1]).Refuse();
                    break;
                case "unknown":
                    break;
                case "read":
                    reads.Add(new StrongRead(Number(1), Number(2)));
                    break;
                default:
                    throw new FormatException($"A process said what nobody understands: {line}");
            }
        }

        long Number(int word) => long.Parse(words[word], CultureInfo.InvariantCulture);
    }

    private ChaosRecord Write(string marker)
    {
        if (!writes.TryGetValue(marker, out var write))
        {
            writes[marker] = write = new ChaosRecord(marker);
        }

        return write;
    }
}
