namespace OrleansSqlite.Format;

/// <summary>The index of a segment in memory: which block holds a page, and where in the object that block lies. Immutable.</summary>
internal sealed class SegmentIndex
{
    private readonly SegmentId id;
    private readonly SegmentIndexFields fields;
    private readonly int blockShift;
    private readonly uint[] sparsePages;
    private readonly BlockFields[] blocks;

    private SegmentIndex(
        SegmentId id, in SegmentIndexFields fields, uint[] sparsePages, BlockFields[] blocks, (long Version, CommitRecord Commit)[] commits)
    {
        this.id = id;
        this.fields = fields;
        blockShift = int.Log2(fields.PagesPerBlock);
        this.sparsePages = sparsePages;
        this.blocks = blocks;
        Commits = commits;
    }

    /// <summary>How the pages are numbered.</summary>
    public SegmentKind Kind => fields.Kind;

    /// <summary>The lowest page; 0 if there is none.</summary>
    public uint FirstPage => fields.FirstPage;

    /// <summary>The highest page; 0 if there is none.</summary>
    public uint LastPage => fields.LastPage;

    /// <summary>How many page images there are.</summary>
    public uint Images => fields.Images;

    /// <summary>How many images a full block holds.</summary>
    public int PagesPerBlock => fields.PagesPerBlock;

    /// <summary>The first version taken in.</summary>
    public long MinVersion => fields.MinVersion;

    /// <summary>The last version taken in.</summary>
    public long MaxVersion => fields.MaxVersion;

    /// <summary>How many blocks there are.</summary>
    public int BlockCount => blocks.Length;

    /// <summary>The pages of a sparse segment, ascending; empty for a dense one.</summary>
    public ReadOnlySpan<uint> SparsePages => sparsePages;

    /// <summary>The commits that it lists, ascending.</summary>
    public IReadOnlyList<(long Version, CommitRecord Commit)> Commits { get; }

    /// <summary>Reads an index that a head's entry points to, and checks that both say the same.</summary>
    /// <param name="encoded">The bytes of the index; they are not held.</param>
    /// <param name="entry">The entry, from a head that was checked.</param>
    /// <param name="objectKey">The object that the bytes come from: the segment's, or the head's for an inline index.</param>
    /// <exception cref="DatabaseException">The index is damaged, too new, or not the one that the entry means.</exception>
    public static SegmentIndex Decode(ReadOnlyMemory<byte> encoded, SegmentEntry entry, string objectKey)
    {
        var index = Decode(encoded.Span, entry.Id, entry.IndexOffset, objectKey);
        if (index.fields != SegmentIndexFields.Of(entry) || encoded.Length != entry.IndexBytes)
        {
            throw Corruption.Damaged(objectKey, $"its index is not that of segment {entry.Id} which the head describes");
        }

        return index;
    }

    /// <summary>Reads header and index of a whole segment without a head: to verify and to repair. The blocks are not read.</summary>
    /// <exception cref="DatabaseException">The segment is damaged, or too new.</exception>
    public static (SegmentHeader Header, SegmentIndex Index) ReadObject(ReadOnlyMemory<byte> content, string objectKey)
    {
        var bytes = content.Span;
        var header = SegmentHeader.Read(bytes, objectKey);
        var footer = SegmentFooter.Read(bytes[Math.Max(0, bytes.Length - SegmentLayout.FooterBytes)..], bytes.Length, objectKey);
        var encoded = bytes.Slice((int)footer.IndexOffset, footer.IndexBytes);
        var index = Decode(encoded, header.Id, footer.IndexOffset, objectKey);
        return (long)index.PagesPerBlock * header.PageBytes <= Limits.MaxBlockRawBytes
            ? (header, index)
            : throw Corruption.Damaged(objectKey, $"{index.PagesPerBlock} pages of {header.PageBytes} bytes are too large for a block");
    }

    /// <summary>Finds a page.</summary>
    /// <param name="page">Its number.</param>
    /// <param name="block">The block that holds it.</param>
    /// <param name="slot">Its place among the block's images.</param>
    public bool TryFind(uint page, out int block, out int slot)
    {
        // A page before the first one wraps around to a number beyond all images.
        int ordinal = fields.Kind == SegmentKind.Dense
            ? page - fields.FirstPage < fields.Images ? (int)(page - fields.FirstPage) : -1
            : Array.BinarySearch(sparsePages, page);
        block = ordinal >> blockShift;
        slot = ordinal & (fields.PagesPerBlock - 1);
        return ordinal >= 0;
    }

    /// <summary>The number of the page at a place among all images.</summary>
    public uint PageAt(int ordinal)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)ordinal, fields.Images, nameof(ordinal));
        return fields.Kind == SegmentKind.Dense ? fields.FirstPage + (uint)ordinal : sparsePages[ordinal];
    }

    /// <summary>Where a block lies.</summary>
    public BlockLocation Block(int i)
    {
        var block = blocks[i];
        int first = i << blockShift;
        return new BlockLocation
        {
            Offset = block.Offset,
            StoredBytes = block.StoredBytes,
            Codec = block.Codec,
            Crc = block.Crc,
            CrcSeed = SegmentLayout.BlockSeed(id, i),
            FirstOrdinal = first,
            Images = (int)Math.Min((uint)fields.PagesPerBlock, fields.Images - (uint)first),
        };
    }

    /// <summary>Unpacks a block.</summary>
    /// <param name="stored">Its bytes from the object.</param>
    /// <param name="location">What the index says of it.</param>
    /// <param name="raw">Where to put its images: as long as they are.</param>
    /// <param name="objectKey">The segment's key, for errors.</param>
    /// <exception cref="DatabaseException">The block is damaged, or is not the one that the index means.</exception>
    public static void DecodeBlock(ReadOnlySpan<byte> stored, in BlockLocation location, Span<byte> raw, string objectKey)
    {
        if (stored.Length != location.StoredBytes || Crc32C.Compute(stored, location.CrcSeed) != location.Crc)
        {
            throw Corruption.Damaged(objectKey, $"the checksum of the block at byte {location.Offset} is wrong");
        }

        BlockCodec.Decode(stored, location.Codec, raw, objectKey, "block");
    }

    private static SegmentIndex Decode(ReadOnlySpan<byte> encoded, SegmentId id, long indexOffset, string objectKey)
    {
        var reader = SegmentIndexReader.Start(encoded, objectKey, out var fields);
        uint[] pages = SegmentIndexReader.ReadPages(ref reader, fields, out uint lastPage);
        fields = fields with { LastPage = lastPage };
        if (SegmentInvariants.Pages(fields.Kind, fields.FirstPage, lastPage, fields.Images) is { } broken)
        {
            reader.Fail(broken);
        }

        var blocks = SegmentIndexReader.ReadBlocks(ref reader, fields, indexOffset, objectKey);
        var commits = SegmentIndexReader.ReadCommits(ref reader, fields);
        return new SegmentIndex(id, fields, pages, blocks, commits);
    }
}
