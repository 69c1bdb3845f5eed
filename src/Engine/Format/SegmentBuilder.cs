namespace OrleansSqlite.Format;

/// <summary>Makes a segment from page images in ascending order. Not safe for concurrent use.</summary>
internal sealed class SegmentBuilder
{
    /// <summary>Brotli's quality for segments. Measured on rows of orders: 4 makes them 3 % smaller than 1 and costs three times the CPU.</summary>
    public const int Quality = 1;

    /// <summary>The largest object that is built in memory.</summary>
    public const int MaxObjectBytes = 1 << 30;

    private readonly SegmentHeader header;
    private readonly SegmentKind kind;
    private readonly int quality;
    private readonly int pagesPerBlock;
    private readonly byte[] block;
    private readonly List<uint> pages = [];
    private readonly List<BlockFields> blocks = [];
    private byte[] content;
    private int contentBytes = SegmentLayout.HeaderBytes;
    private int blockBytes;
    private uint firstPage;
    private uint lastPage;
    private uint images;
    private bool finished;

    /// <summary>Starts an empty segment.</summary>
    /// <param name="id">Its id, used for no other.</param>
    /// <param name="databaseId">The database that it is made for.</param>
    /// <param name="pageBytes">The size of a page.</param>
    /// <param name="kind">Dense if the pages will follow each other without a gap.</param>
    /// <param name="quality">Brotli's quality.</param>
    /// <param name="memory">Memory to build it in, if it is large enough: the builder's until the object is done with.</param>
    public SegmentBuilder(SegmentId id, Guid databaseId, int pageBytes, SegmentKind kind, int quality = Quality, byte[]? memory = null)
    {
        if (!Limits.IsPageSize(pageBytes))
        {
            throw new ArgumentOutOfRangeException(nameof(pageBytes), pageBytes, "SQLite has no pages of that size.");
        }

        header = new SegmentHeader(pageBytes, id, databaseId);
        this.kind = kind;
        this.quality = quality;
        pagesPerBlock = Limits.PagesPerBlock(pageBytes);
        block = GC.AllocateUninitializedArray<byte>(pagesPerBlock * pageBytes);
        content = memory is { Length: >= 2 * Limits.MaxBlockRawBytes } ? memory : GC.AllocateUninitializedArray<byte>(2 * Limits.MaxBlockRawBytes);
        header.Write(content);
    }

    /// <summary>The size of the images added so far.</summary>
    public long RawBytes => (long)images * header.PageBytes;

    /// <summary>The size of the object so far. The block that is being filled counts once it is full.</summary>
    public long EncodedBytes => contentBytes;

    /// <summary>Adds the next page.</summary>
    /// <param name="page">Higher than the last one; in a dense segment, by one.</param>
    /// <param name="image">Its bytes; they are copied.</param>
    public void Add(uint page, ReadOnlySpan<byte> image)
    {
        ThrowIfFinished();
        bool follows = images == 0 || kind == SegmentKind.Sparse ? page > lastPage : page == lastPage + 1;
        if (!follows || page > Limits.MaxPageCount || image.Length != header.PageBytes)
        {
            throw new ArgumentException($"An image of {image.Length} bytes cannot be page {page} behind page {lastPage} of a {kind} segment.");
        }

        image.CopyTo(block.AsSpan(blockBytes));
        blockBytes += image.Length;
        firstPage = images == 0 ? page : firstPage;
        lastPage = page;
        images++;
        if (kind == SegmentKind.Sparse)
        {
            pages.Add(page);
        }

        if (blockBytes == block.Length)
        {
            EndBlock();
        }
    }

    /// <summary>Ends the segment. The builder is used up.</summary>
    /// <param name="minVersion">The first version that it takes in.</param>
    /// <param name="maxVersion">The last one.</param>
    /// <param name="epoch">The collection epoch under which it will be uploaded.</param>
    /// <param name="commits">The commits to list, ascending, within the versions.</param>
    public SegmentObject Finish(long minVersion, long maxVersion, ulong epoch, ReadOnlySpan<(long Version, CommitRecord Commit)> commits)
    {
        ThrowIfFinished();
        if (SegmentInvariants.Versions(minVersion, maxVersion) is { } broken)
        {
            throw new ArgumentException($"This segment must not be written: {broken}.");
        }

        if (blockBytes > 0)
        {
            EndBlock();
        }

        finished = true;
        var fields = new SegmentIndexFields
        {
            Kind = kind,
            FirstPage = firstPage,
            LastPage = lastPage,
            Images = images,
            PagesPerBlock = pagesPerBlock,
            MinVersion = minVersion,
            MaxVersion = maxVersion,
        };
        int indexOffset = contentBytes;
        Reserve(SegmentLayout.MaxIndexBytes(kind, images, blocks.Count, commits.Length) + SegmentLayout.FooterBytes);
        int indexBytes = SegmentIndexWriter.Write(content.AsSpan(indexOffset), fields, pages, blocks, commits);
        new SegmentFooter(indexOffset, indexBytes).Write(content.AsSpan(indexOffset + indexBytes));
        contentBytes = indexOffset + indexBytes + SegmentLayout.FooterBytes;

        var index = content.AsMemory(indexOffset, indexBytes);
        var entry = new SegmentEntry
        {
            Id = header.Id,
            Kind = kind,
            FirstPage = firstPage,
            LastPage = lastPage,
            Images = images,
            PagesPerBlock = pagesPerBlock,
            MinVersion = minVersion,
            MaxVersion = maxVersion,
            CollectionEpoch = epoch,
            ObjectBytes = contentBytes,
            IndexOffset = indexOffset,
            IndexBytes = indexBytes,

            // A copy of its own: the entry lives in heads for months and must not hold the object's memory.
            InlineIndex = indexBytes <= Limits.MaxInlineIndexBytes ? index.ToArray() : default(ReadOnlyMemory<byte>),
        };
        return new SegmentObject
        {
            Content = content.AsMemory(0, contentBytes),
            Entry = entry,
            Index = SegmentIndex.Decode(index, entry, header.Id.ToString()),
        };
    }

    private void ThrowIfFinished()
    {
        if (finished)
        {
            throw new InvalidOperationException("The segment is finished: its bytes are in use.");
        }
    }

    private void EndBlock()
    {
        if (blocks.Count == Limits.MaxBlocks)
        {
            throw new InvalidOperationException($"A segment has at most {Limits.MaxBlocks} blocks.");
        }

        Reserve(blockBytes);
        var stored = content.AsSpan(contentBytes, blockBytes);
        int storedBytes = BlockCodec.Encode(block.AsSpan(0, blockBytes), stored, quality, out var codec);
        uint crc = Crc32C.Compute(stored[..storedBytes], SegmentLayout.BlockSeed(header.Id, blocks.Count));
        blocks.Add(new BlockFields(contentBytes, storedBytes, codec, crc));
        contentBytes += storedBytes;
        blockBytes = 0;
    }

    private void Reserve(long bytes)
    {
        long needed = contentBytes + bytes;
        if (needed > MaxObjectBytes)
        {
            throw new InvalidOperationException($"A segment is built from at most {MaxObjectBytes} bytes: make more of them.");
        }

        if (needed > content.Length)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(Math.Max(needed, content.Length * 2L), MaxObjectBytes));
            content.AsSpan(0, contentBytes).CopyTo(larger);
            content = larger;
        }
    }
}
