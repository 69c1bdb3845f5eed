using OrleansSqlite.Commit;
using OrleansSqlite.Format;

namespace OrleansSqlite.Verification;

/// <summary>Reads one segment's object back, every byte of it: header, index, blocks, footer, and that they are those which the head means.</summary>
internal sealed class SegmentCheck(DatabaseContext context, Findings findings)
{
    /// <summary>Checks a segment.</summary>
    /// <param name="entry">What a head says of it.</param>
    /// <param name="pageBytes">The page size of that head.</param>
    /// <param name="headKey">That head, for what its copy of the index says.</param>
    /// <param name="listedBytes">The size of the object, if a listing has told it.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>What can be had of it, and how many bytes were read.</returns>
    public async Task<(SegmentState State, long Bytes)> RunAsync(
        SegmentEntry entry, int pageBytes, string headKey, long? listedBytes, CancellationToken cancellation)
    {
        string key = context.Keys.Segment(entry);
        var stored = new StoredObject(context, key, Math.Min(entry.ObjectBytes, listedBytes ?? entry.ObjectBytes));
        if (listedBytes is { } listed && listed != entry.ObjectBytes)
        {
            findings.Add(key, Math.Min(listed, entry.ObjectBytes), $"the object has {listed} bytes, not {entry.ObjectBytes}");
        }

        var index = await ReadIndexAsync(stored, entry, headKey, cancellation).ConfigureAwait(false);
        if (stored.IsMissing)
        {
            findings.AddMissing(key, entry.Images == 0 ? [] : [new PageRange(entry.FirstPage, entry.LastPage)]);
            return (new SegmentState(entry, key, index, AllBlocks(entry)), 0);
        }

        await CheckHeaderAsync(stored, entry, pageBytes, cancellation).ConfigureAwait(false);
        var state = new SegmentState(entry, key, index, []);
        if (index is null)
        {
            findings.Add(key, entry.IndexOffset, "without its index none of its pages can be found", state.Lost());
        }
        else
        {
            state = state with { LostBlocks = await CheckBlocksAsync(stored, state, index, pageBytes, cancellation).ConfigureAwait(false) };
        }

        await CheckFooterAsync(stored, entry, cancellation).ConfigureAwait(false);
        return (state, stored.BytesRead);
    }

    private static int[] AllBlocks(SegmentEntry entry) => [.. Enumerable.Range(0, (int)SegmentLayout.BlockCount(entry.Images, entry.PagesPerBlock))];

    /// <summary>The index, of the object or of the head's copy. Readers take the copy if there is one.</summary>
    private async Task<SegmentIndex?> ReadIndexAsync(StoredObject stored, SegmentEntry entry, string headKey, CancellationToken cancellation)
    {
        var copy = entry.InlineIndex.IsEmpty ? null : TryDecode(entry.InlineIndex, entry, headKey, null);
        var encoded = await stored.TryReadAsync(entry.IndexOffset, entry.IndexBytes, cancellation).ConfigureAwait(false);
        if (encoded is not { } bytes)
        {
            if (!stored.IsMissing)
            {
                findings.Add(stored.Key, entry.IndexOffset, "it ends before its index does");
            }

            return copy;
        }

        var own = TryDecode(bytes, entry, stored.Key, entry.IndexOffset);
        if (own is not null && copy is not null && !bytes.Span.SequenceEqual(entry.InlineIndex.Span))
        {
            findings.Add(stored.Key, entry.IndexOffset, "its index is not the one of which the head has a copy");
        }

        return copy ?? own;
    }

    private SegmentIndex? TryDecode(ReadOnlyMemory<byte> encoded, SegmentEntry entry, string key, long? offset)
    {
        try
        {
            return SegmentIndex.Decode(encoded, entry, key);
        }
        catch (DatabaseException e)
        {
            findings.Add(e, key, offset);
            return null;
        }
    }

    private async Task CheckHeaderAsync(StoredObject stored, SegmentEntry entry, int pageBytes, CancellationToken cancellation)
    {
        if (await stored.TryReadAsync(0, SegmentLayout.HeaderBytes, cancellation).ConfigureAwait(false) is not { } bytes)
        {
            findings.Add(stored.Key, 0, "it ends before its header does");
            return;
        }

        try
        {
            var header = SegmentHeader.Read(bytes.Span, stored.Key);
            if (header.Id != entry.Id || header.PageBytes != pageBytes)
            {
                findings.Add(stored.Key, 0, $"its header is that of segment {header.Id} with pages of {header.PageBytes} bytes, not of {entry.Id} with pages of {pageBytes}");
            }
        }
        catch (DatabaseException e)
        {
            findings.Add(e, stored.Key, 0);
        }
    }

    private async Task CheckFooterAsync(StoredObject stored, SegmentEntry entry, CancellationToken cancellation)
    {
        long start = entry.ObjectBytes - SegmentLayout.FooterBytes;
        if (await stored.TryReadAsync(start, SegmentLayout.FooterBytes, cancellation).ConfigureAwait(false) is not { } bytes)
        {
            findings.Add(stored.Key, Math.Min(start, stored.Available), "it ends before its footer does");
            return;
        }

        try
        {
            var footer = SegmentFooter.Read(bytes.Span, entry.ObjectBytes, stored.Key);
            if (footer.IndexOffset != entry.IndexOffset || footer.IndexBytes != entry.IndexBytes)
            {
                findings.Add(stored.Key, start, $"its footer says that the index is at byte {footer.IndexOffset}, and the head at {entry.IndexOffset}");
            }
        }
        catch (DatabaseException e)
        {
            findings.Add(e, stored.Key, start);
        }
    }

    /// <summary>Unpacks every block. Those that are damaged side by side are one finding.</summary>
    private async Task<int[]> CheckBlocksAsync(
        StoredObject stored, SegmentState state, SegmentIndex index, int pageBytes, CancellationToken cancellation)
    {
        List<int> lost = [];
        byte[] raw = new byte[state.Entry.PagesPerBlock * pageBytes];
        (int First, string What)? run = null;
        for (int i = 0; i < index.BlockCount; i++)
        {
            string? what = await CheckBlockAsync(stored, index.Block(i), raw, pageBytes, cancellation).ConfigureAwait(false);
            if (what is null)
            {
                End(i);
            }
            else
            {
                lost.Add(i);
                run ??= (i, what);
            }
        }

        End(index.BlockCount);
        return [.. lost];

        void End(int end)
        {
            if (run is { } damaged)
            {
                string what = end - damaged.First == 1 ? damaged.What : $"{damaged.What}; so it is with {end - damaged.First} blocks in a row";
                findings.Add(stored.Key, index.Block(damaged.First).Offset, what, Enumerable.Range(damaged.First, end - damaged.First).SelectMany(state.PagesOf));
                run = null;
            }
        }
    }

    private static async Task<string?> CheckBlockAsync(StoredObject stored, BlockLocation location, byte[] raw, int pageBytes, CancellationToken cancellation)
    {
        if (await stored.TryReadAsync(location.Offset, location.StoredBytes, cancellation).ConfigureAwait(false) is not { } bytes)
        {
            return $"the block at byte {location.Offset} is not there";
        }

        try
        {
            SegmentIndex.DecodeBlock(bytes.Span, location, raw.AsSpan(0, location.Images * pageBytes), stored.Key);
            return null;
        }
        catch (DatabaseException e)
        {
            return e.Damage ?? e.Message;
        }
    }
}
