using System.Collections.Immutable;

namespace OrleansSqlite.Format;

/// <summary>An object that holds entries of checkpoints which no longer fit into a head.</summary>
internal static class CheckpointList
{
    private const int FixedBytes = 32;
    private const int CrcBytes = 4;
    private const string Part = "list of checkpoints";

    private static ReadOnlySpan<byte> Magic => "OSQLITEC"u8;

    /// <summary>The bytes of the object.</summary>
    public static byte[] Encode(Guid databaseId, IReadOnlyList<CheckpointEntry> entries)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(FixedBytes + (entries.Count * CheckpointEntry.Bytes) + CrcBytes);
        var writer = new ByteWriter(bytes);
        writer.Bytes(Magic);
        writer.U16(Limits.CheckpointListFormatVersion);
        writer.U16(0); // flags
        writer.Guid(databaseId);
        writer.U32((uint)entries.Count);
        foreach (var entry in entries)
        {
            CheckpointEntry.Write(ref writer, entry);
        }

        writer.Crc();
        return bytes;
    }

    /// <summary>Reads the object, and checks that it is the one which an entry means.</summary>
    /// <exception cref="DatabaseException">It is damaged, too new, or another one.</exception>
    public static ImmutableArray<CheckpointEntry> Decode(ReadOnlyMemory<byte> content, CheckpointEntry listed, Guid databaseId, string objectKey)
    {
        var reader = new ByteReader(content.Span, objectKey, Part);
        Preamble.Read(ref reader, Magic, Limits.CheckpointListFormatVersion, objectKey, Part, out ushort flags);
        if (content.Length < FixedBytes + CrcBytes)
        {
            reader.Fail("it ends too early");
        }

        var body = new ByteReader(content.Span[..^CrcBytes], objectKey, Part);
        body.Take(Preamble.Bytes);
        uint crc = Crc32C.Compute(content.Span[..^CrcBytes]);
        reader.Take(content.Length - CrcBytes - reader.Position);
        if (reader.U32() != crc)
        {
            reader.Fail("the checksum is wrong");
        }

        Preamble.CheckFlags(flags, objectKey, Part);
        var id = body.Guid();
        uint count = body.U32();
        if (count * (long)CheckpointEntry.Bytes != body.Remaining)
        {
            body.Fail("the length is wrong");
        }

        var entries = HeadHistoryCodec.ReadCheckpoints(ref body, (int)count);
        bool isListed = id == databaseId
            && !entries.IsEmpty
            && entries[0].FirstVersion == listed.FirstVersion
            && entries[^1].LastVersion == listed.LastVersion
            && entries.All(entry => entry.Level < listed.Level);
        return !isListed
            ? throw Corruption.Damaged(objectKey, "it is not the list of checkpoints that the head describes")
            : CheckpointInvariants.FirstBroken(entries, listed.LastVersion) is { } broken ? throw Corruption.Damaged(objectKey, broken) : entries;
    }
}
