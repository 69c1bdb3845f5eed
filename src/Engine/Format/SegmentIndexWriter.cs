using System.Runtime.InteropServices;

namespace OrleansSqlite.Format;

/// <summary>The index of a segment to bytes. The layout is in docs/FORMAT.md.</summary>
internal static class SegmentIndexWriter
{
    /// <summary>Writes the index and gives its size.</summary>
    /// <exception cref="ArgumentException">The commits are too many, out of order, or outside of the versions.</exception>
    public static int Write(
        Span<byte> destination, in SegmentIndexFields fields, List<uint> pages, List<BlockFields> blocks,
        ReadOnlySpan<(long Version, CommitRecord Commit)> commits)
    {
        var writer = new ByteWriter(destination);
        writer.U8((byte)fields.Kind);
        writer.U32(fields.FirstPage);
        writer.U32(fields.Images);
        writer.U16((ushort)fields.PagesPerBlock);
        writer.I64(fields.MinVersion);
        writer.I64(fields.MaxVersion);

        // The first page is known already; each of the others follows the one before it.
        uint last = fields.FirstPage;
        foreach (uint page in CollectionsMarshal.AsSpan(pages)[Math.Min(1, pages.Count)..])
        {
            writer.Varint(page - last);
            last = page;
        }

        foreach (var block in CollectionsMarshal.AsSpan(blocks))
        {
            writer.Varint((uint)block.StoredBytes);
            writer.U8((byte)block.Codec);
            writer.U32(block.Crc);
        }

        WriteCommits(ref writer, fields, commits);
        writer.Crc();
        return writer.Position;
    }

    private static void WriteCommits(
        ref ByteWriter writer, in SegmentIndexFields fields, ReadOnlySpan<(long Version, CommitRecord Commit)> commits)
    {
        if (commits.Length > Limits.MaxSegmentCommits)
        {
            throw new ArgumentException($"A segment lists at most {Limits.MaxSegmentCommits} commits.");
        }

        writer.Varint((uint)commits.Length);
        long last = fields.MinVersion - 1;
        foreach (var (version, commit) in commits)
        {
            if (version <= last || version > fields.MaxVersion || !Limits.IsTime(commit.TimeMs))
            {
                throw new ArgumentException($"The commit of version {version} is out of order, or its time is out of range.");
            }

            writer.Varint((ulong)(version - last));
            writer.U128(commit.Id.Value);
            writer.I64(commit.TimeMs);
            last = version;
        }
    }
}
