namespace OrleansSqlite.Format;

/// <summary>Reads the parts of a segment's index, in their order. Memory is taken only for what the remaining bytes can hold.</summary>
internal static class SegmentIndexReader
{
    private const string Part = "index";

    /// <summary>Starts on an index whose checksum is right, and reads the fields before the page numbers.</summary>
    public static ByteReader Start(ReadOnlySpan<byte> encoded, string objectKey, out SegmentIndexFields fields)
    {
        var reader = new ByteReader(encoded, objectKey, Part);
        var body = reader.Take(Math.Max(0, encoded.Length - 4));
        if (reader.U32() != Crc32C.Compute(body))
        {
            reader.Fail("the checksum is wrong");
        }

        reader = new ByteReader(body, objectKey, Part);
        fields = new SegmentIndexFields
        {
            Kind = SegmentEntryCodec.ReadKind(ref reader, objectKey, Part),
            FirstPage = reader.U32(),
            LastPage = 0,
            Images = reader.U32(),
            PagesPerBlock = reader.U16(),
            MinVersion = reader.I64(),
            MaxVersion = reader.I64(),
        };
        if ((SegmentInvariants.Blocks(fields.Images, fields.PagesPerBlock)
            ?? SegmentInvariants.Versions(fields.MinVersion, fields.MaxVersion)) is { } broken)
        {
            reader.Fail(broken);
        }

        return reader;
    }

    /// <summary>Reads the page numbers of a sparse segment; a dense one has none. Gives the last page.</summary>
    public static uint[] ReadPages(ref ByteReader reader, in SegmentIndexFields fields, out uint lastPage)
    {
        if (fields.Kind == SegmentKind.Dense || fields.Images == 0)
        {
            // Past the last possible number it wraps around, and is refused as out of order.
            lastPage = fields.FirstPage + Math.Max(1, fields.Images) - 1;
            return [];
        }

        // Each page but the first takes a byte at least.
        if (fields.Images - 1 > (uint)reader.Remaining)
        {
            reader.Fail("the page numbers end too early");
        }

        uint[] pages = new uint[fields.Images];
        ulong page = fields.FirstPage;
        pages[0] = fields.FirstPage;
        for (int i = 1; i < pages.Length; i++)
        {
            ulong step = reader.Varint();
            if (step == 0 || step > Limits.MaxPageCount - Math.Min(page, Limits.MaxPageCount))
            {
                reader.Fail("the page numbers do not ascend");
            }

            page += step;
            pages[i] = (uint)page;
        }

        lastPage = (uint)page;
        return pages;
    }

    /// <summary>Reads the blocks, which must fill the object from its header to its index.</summary>
    public static BlockFields[] ReadBlocks(ref ByteReader reader, in SegmentIndexFields fields, long indexOffset, string objectKey)
    {
        long count = SegmentLayout.BlockCount(fields.Images, fields.PagesPerBlock);
        if (count * SegmentLayout.MinBlockFields > reader.Remaining)
        {
            reader.Fail("the list of blocks ends too early");
        }

        var blocks = new BlockFields[count];
        long offset = SegmentLayout.HeaderBytes;
        for (int i = 0; i < blocks.Length; i++)
        {
            ulong stored = reader.Varint();
            var codec = (Codec)reader.U8();
            if (stored is 0 or > Limits.MaxBlockRawBytes)
            {
                reader.Fail($"the size of block {i} is wrong");
            }

            BlockCodec.CheckKnown(codec, objectKey, "block");
            blocks[i] = new BlockFields(offset, (int)stored, codec, reader.U32());
            offset += (long)stored;
        }

        if (offset != indexOffset)
        {
            reader.Fail("the blocks do not end where the index begins");
        }

        return blocks;
    }

    /// <summary>Reads the commits, which end the index.</summary>
    public static (long Version, CommitRecord Commit)[] ReadCommits(ref ByteReader reader, in SegmentIndexFields fields)
    {
        ulong count = reader.Varint();
        if (count > Limits.MaxSegmentCommits || (long)count * SegmentLayout.MinCommitFields > reader.Remaining)
        {
            reader.Fail("the number of commits is wrong");
        }

        var commits = new (long Version, CommitRecord Commit)[count];
        long version = fields.MinVersion - 1;
        for (int i = 0; i < commits.Length; i++)
        {
            ulong step = reader.Varint();
            if (step == 0 || step > (ulong)(fields.MaxVersion - version))
            {
                reader.Fail("the versions of the commits do not ascend, or pass the last one");
            }

            version += (long)step;
            var commit = new CommitRecord(new CommitId(reader.U128()), reader.I64());
            if (!Limits.IsTime(commit.TimeMs))
            {
                reader.Fail("the time of a commit is out of range");
            }

            commits[i] = (version, commit);
        }

        reader.End();
        return commits;
    }
}
