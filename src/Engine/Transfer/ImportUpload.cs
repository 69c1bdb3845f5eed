using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Transfer;

/// <summary>
/// Turns the pages of a file into stored segments. A few are read, built and uploaded at the same time; each has its own memory, which the next one
/// takes over. What an earlier attempt has uploaded is found by what the pages hold, and not uploaded again.
/// </summary>
internal sealed class ImportUpload(
    DatabaseContext context, EngineThreads threads, SourcePages source, ImportRecord record, IProgress<TransferProgress>? progress)
{
    /// <summary>One is built while another is under way and a third begins: more would take memory and bring nothing on two cores.</summary>
    private const int AtOnce = 3;

    private readonly Lock gate = new();
    private readonly InteriorPages interior = new();
    private readonly ConcurrentBag<byte[]> memory = [];
    private long doneBytes;

    /// <summary>Uploads everything.</summary>
    /// <param name="below">The head that it is to stand on.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The head that it stands on (with the id of an earlier attempt, if that goes on), and the segments, in the order of the head.</returns>
    public async Task<(Head Below, ImmutableArray<SegmentEntry> Entries)> RunAsync(Head below, CancellationToken cancellation)
    {
        if (source.PageCount == 0)
        {
            return (below, []);
        }

        uint perSegment = (uint)(Flush.SegmentRawBytes / source.PageBytes);
        int count = (int)((source.PageCount + perSegment - 1) / perSegment);
        below = await record.BeginAsync(below, source.PageBytes, count, cancellation).ConfigureAwait(false);
        var entries = new SegmentEntry[count];
        try
        {
            await Parallel.ForAsync(
                0,
                count,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
                async (number, stop) =>
                {
                    uint first = ((uint)number * perSegment) + 1;
                    uint pages = Math.Min(perSegment, source.PageCount - first + 1);
                    entries[number] = await BringAsync(below, number, first, pages, stop).ConfigureAwait(false);
                    Report((long)pages * source.PageBytes);
                }).ConfigureAwait(false);
        }
        catch
        {
            // Who tries again need not upload all of it again.
            await record.SaveAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        var upper = ImmutableArray.CreateBuilder<SegmentEntry>();
        var builds = InteriorSegments.Build(
            interior,
            source.PageCount,
            source.PageBytes,
            Flush.SegmentRawBytes,
            source.Read,
            () => Begin(below, SegmentKind.Sparse),
            builder => Finish(below, builder));
        using var more = builds.GetEnumerator();
        while (await threads.RunAsync(more.MoveNext).ConfigureAwait(false))
        {
            upper.Add(await UploadAsync(more.Current, cancellation).ConfigureAwait(false));
        }

        return (below, [.. upper, .. entries]);
    }

    private async Task<SegmentEntry> BringAsync(Head below, int number, uint first, uint pages, CancellationToken cancellation)
    {
        if (record.Find(number) is { } earlier)
        {
            byte[] hash = await threads.RunAsync(() => Hash(first, pages)).ConfigureAwait(false);
            if (earlier.Entry.FirstPage == first && earlier.Entry.Images == pages && hash.AsSpan().SequenceEqual(earlier.Hash)
                && await IsStoredAsync(earlier.Entry, cancellation).ConfigureAwait(false))
            {
                record.Add(number, earlier.Entry, hash);
                return earlier.Entry;
            }

            lock (gate)
            {
                interior.Forget(first, first + pages - 1);
            }
        }

        var (built, digest) = await threads.RunAsync(() => Build(below, first, pages)).ConfigureAwait(false);
        var entry = await UploadAsync(built, cancellation).ConfigureAwait(false);
        record.Add(number, entry, digest);
        await record.SaveNowAndThenAsync(cancellation).ConfigureAwait(false);
        return entry;
    }

    private byte[] Hash(uint first, uint pages)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var found = new InteriorPages();
        source.Visit(first, pages, (page, image) =>
        {
            hash.AppendData(image);
            found.Note(page, image);
        });
        Take(found);
        return hash.GetHashAndReset();
    }

    private (SegmentObject Built, byte[] Hash) Build(Head below, uint first, uint pages)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var found = new InteriorPages();
        var builder = Begin(below, SegmentKind.Dense);
        source.Visit(first, pages, (page, image) =>
        {
            hash.AppendData(image);
            found.Note(page, image);
            builder.Add(page, image);
        });
        Take(found);
        return (Finish(below, builder), hash.GetHashAndReset());
    }

    private void Take(InteriorPages found)
    {
        lock (gate)
        {
            interior.Add(found);
        }
    }

    // Packed bytes are never more than the raw ones; the index comes on top.
    private SegmentBuilder Begin(Head below, SegmentKind kind) => new(
        new SegmentId(context.Entropy.Next128()),
        below.DatabaseId,
        source.PageBytes,
        kind,
        memory: memory.TryTake(out byte[]? used) ? used : GC.AllocateUninitializedArray<byte>((int)Flush.SegmentRawBytes + (1 << 20)));

    private static SegmentObject Finish(Head below, SegmentBuilder builder) =>
        builder.Finish(below.Version + 1, below.Version + 1, below.CollectionEpoch, []);

    private async Task<SegmentEntry> UploadAsync(SegmentObject built, CancellationToken cancellation)
    {
        string key = context.Keys.Segment(built.Entry.Id);
        await context.Retry.RunAsync(
            async stop =>
            {
                await context.Store.WriteAsync(key, built.Content, stop).ConfigureAwait(false);
                return true;
            },
            cancellation).ConfigureAwait(false);
        if (MemoryMarshal.TryGetArray(built.Content, out var used))
        {
            memory.Add(used.Array!);
        }

        return built.Entry;
    }

    /// <summary>Whether a segment is there, with the index that its record says: the store wrote all of it, or nothing.</summary>
    private async Task<bool> IsStoredAsync(SegmentEntry entry, CancellationToken cancellation)
    {
        string key = context.Keys.Segment(entry.Id);
        try
        {
            var end = await context.Retry.RunAsync(
                stop => context.Store.ReadRangeAsync(key, entry.IndexOffset, entry.IndexBytes + SegmentLayout.FooterBytes, stop), cancellation).ConfigureAwait(false);
            var footer = SegmentFooter.Read(end.Span[entry.IndexBytes..], entry.ObjectBytes, key);
            SegmentIndex.Decode(end[..entry.IndexBytes], entry, key);
            return footer.IndexOffset == entry.IndexOffset;
        }
        catch (StoreException e) when (e.Failure is StoreFailure.Missing or StoreFailure.Truncated)
        {
            return false;
        }
        catch (DatabaseException)
        {
            return false;
        }
    }

    private void Report(long bytes)
    {
        lock (gate)
        {
            doneBytes += bytes;
            progress?.Report(new(doneBytes, source.Bytes, "upload"));
        }
    }
}
