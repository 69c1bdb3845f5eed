using System.Collections.Immutable;
using System.Text;

namespace OrleansSqlite.Format;

/// <summary>The part of a head of format version 2 that follows its segment entries.</summary>
internal static class HeadHistoryCodec
{
    private const int FixedBytes = 17;
    private const uint Unknown = uint.MaxValue;

    /// <summary>How many bytes it takes.</summary>
    public static long Bytes(HeadHistory history, int segments) =>
        FixedBytes + history.Sources.Sum(name => 1L + name.Length) + segments + (history.Checkpoints.Length * (long)CheckpointEntry.Bytes);

    /// <summary>Writes it.</summary>
    public static void Write(ref ByteWriter writer, HeadHistory history, ImmutableArray<SegmentEntry> segments)
    {
        writer.U32(history.BasePageCount ?? Unknown);
        writer.U32(history.RetentionSeconds);
        writer.I64(history.CollectedAtMs);
        writer.U8((byte)history.Sources.Length);
        foreach (string name in history.Sources)
        {
            writer.U8((byte)name.Length);
            writer.Bytes(Encoding.ASCII.GetBytes(name));
        }

        foreach (var entry in segments)
        {
            writer.U8(entry.Home is null ? (byte)0 : (byte)(history.Sources.IndexOf(entry.Home) + 1));
        }

        foreach (var checkpoint in history.Checkpoints)
        {
            CheckpointEntry.Write(ref writer, checkpoint);
        }
    }

    /// <summary>Reads it.</summary>
    /// <param name="reader">Stands behind the segment entries.</param>
    /// <param name="segments">The entries; those of other databases are given their home.</param>
    /// <param name="checkpoints">How many checkpoints there are.</param>
    public static HeadHistory Read(ref ByteReader reader, ref ImmutableArray<SegmentEntry> segments, int checkpoints)
    {
        uint basePageCount = reader.U32();
        uint retention = reader.U32();
        long collectedAt = reader.I64();
        string[] sources = new string[reader.U8()];
        for (int i = 0; i < sources.Length; i++)
        {
            sources[i] = Encoding.Latin1.GetString(reader.Take(reader.U8()));
        }

        var homed = segments.ToBuilder();
        for (int i = 0; i < homed.Count; i++)
        {
            int home = reader.U8();
            if (home > sources.Length)
            {
                reader.Fail($"segment {homed[i].Id} lies in a database that is not named");
            }

            if (home > 0)
            {
                homed[i] = homed[i] with { Home = sources[home - 1] };
            }
        }

        segments = homed.ToImmutable();
        return new HeadHistory
        {
            BasePageCount = basePageCount == Unknown ? null : basePageCount,
            RetentionSeconds = retention,
            CollectedAtMs = collectedAt,
            Sources = [.. sources],
            Checkpoints = ReadCheckpoints(ref reader, checkpoints),
        };
    }

    /// <summary>Reads entries of checkpoints; memory is taken only for what is there.</summary>
    public static ImmutableArray<CheckpointEntry> ReadCheckpoints(ref ByteReader reader, int count)
    {
        if (count * (long)CheckpointEntry.Bytes > reader.Remaining)
        {
            reader.Fail("the list of checkpoints ends too early");
        }

        var entries = ImmutableArray.CreateBuilder<CheckpointEntry>(count);
        for (int i = 0; i < count; i++)
        {
            entries.Add(CheckpointEntry.Read(ref reader));
        }

        return entries.MoveToImmutable();
    }
}
