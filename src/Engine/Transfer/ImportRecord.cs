using System.Buffers.Binary;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Transfer;

/// <summary>
/// The object <c>import</c> of a database: which segments an import has uploaded so far, and a hash of the pages in each. It is advice. An entry is used only
/// if the pages of the file hash to the same, the segment is in the store, and the head that the import is to stand on has the id, the version and the
/// collection epoch of the record: so that nobody can have collected it (invariant 3).
/// </summary>
internal sealed class ImportRecord(DatabaseContext context, bool isTrusted) : IDisposable
{
    /// <summary>A smaller file is uploaded again in moments.</summary>
    private const int LeastSegments = 4;

    /// <summary>Saved after that many more: 256 MiB of pages are the most that is lost.</summary>
    private const int Every = 8;

    private const int HashBytes = 32;
    private const int FixedBytes = 44;
    private const int MostSegments = 1 << 20;

    private readonly Lock gate = new();
    private readonly SemaphoreSlim saving = new(1, 1);
    private readonly Dictionary<int, (SegmentEntry Entry, byte[] Hash)> uploaded = [];
    private Dictionary<int, (SegmentEntry Entry, byte[] Hash)> earlier = [];
    private Head? below;
    private int pageBytes;
    private int unsaved;
    private bool isUsed;
    private bool isStored;

    private static ReadOnlySpan<byte> Magic => "OSQLITEI"u8;

    /// <summary>An import begins, or begins anew on a newer head. Gives the head that it stands on: a new database goes on with the id of its record.</summary>
    public async Task<Head> BeginAsync(Head on, int bytesOfPage, int segments, CancellationToken cancellation)
    {
        uploaded.Clear();
        earlier = [];
        unsaved = 0;
        pageBytes = bytesOfPage;
        below = on;
        isUsed = isTrusted && segments >= LeastSegments;
        if (!isUsed)
        {
            return on;
        }

        var found = await context.Retry.RunAsync(stop => context.Store.ReadAsync(context.Keys.Import, null, stop), cancellation).ConfigureAwait(false);
        if (found.Answer == ReadAnswer.Found)
        {
            isStored = true;
            try
            {
                Decode(found.Content);
            }
            catch (DatabaseException)
            {
                // Damaged, or another version's: everything is uploaded.
                earlier = [];
            }
        }

        return below;
    }

    /// <summary>What an earlier import has uploaded for these pages, if the record says so.</summary>
    public (SegmentEntry Entry, byte[] Hash)? Find(int number) => earlier.TryGetValue(number, out var found) ? found : null;

    /// <summary>A segment is in the store.</summary>
    public void Add(int number, SegmentEntry entry, byte[] hash)
    {
        lock (gate)
        {
            uploaded[number] = (entry, hash);
            unsaved++;
        }
    }

    /// <summary>Saves the record if enough has come since the last time.</summary>
    public Task SaveNowAndThenAsync(CancellationToken cancellation) =>
        Volatile.Read(ref unsaved) >= Every ? SaveAsync(cancellation) : Task.CompletedTask;

    /// <summary>Saves the record. A failure is none of the import's: it would have to upload more, should it be interrupted.</summary>
    public async Task SaveAsync(CancellationToken cancellation)
    {
        if (!isUsed)
        {
            return;
        }

        await saving.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            byte[] content;
            lock (gate)
            {
                if (unsaved == 0)
                {
                    return;
                }

                unsaved = 0;
                content = Encode();
            }

            await context.Store.WriteAsync(context.Keys.Import, content, cancellation).ConfigureAwait(false);
            isStored = true;
        }
        catch (StoreException)
        {
            // The next one holds all of it again.
        }
        finally
        {
            saving.Release();
        }
    }

    /// <summary>The import has taken effect.</summary>
    public async Task DeleteAsync()
    {
        if (!isStored)
        {
            return;
        }

        try
        {
            await context.Store.DeleteAsync(context.Keys.Import, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException)
        {
            // It stays, and is of no use to anybody: the version that it names is taken.
        }
    }

    /// <summary>Nothing is being saved any more.</summary>
    public void Dispose() => saving.Dispose();

    private byte[] Encode()
    {
        // What the earlier one had and this one has not come to yet is worth keeping.
        var all = earlier.Where(pair => !uploaded.ContainsKey(pair.Key)).Concat(uploaded).OrderBy(pair => pair.Key).ToArray();
        byte[] content = new byte[FixedBytes + 8 + all.Sum(pair => 4 + SegmentEntryCodec.FixedBytes + pair.Value.Entry.InlineIndex.Length + HashBytes)];
        var writer = new ByteWriter(content);
        writer.Bytes(Magic);
        writer.Guid(below!.DatabaseId);
        writer.I64(below.Version);
        writer.U64(below.CollectionEpoch);
        writer.U32((uint)pageBytes);
        writer.U32((uint)all.Length);
        foreach (var (number, (entry, hash)) in all)
        {
            writer.U32((uint)number);
            SegmentEntryCodec.Write(ref writer, entry);
            writer.Bytes(hash);
        }

        writer.Crc();
        return content[..writer.Position];
    }

    private void Decode(ReadOnlyMemory<byte> content)
    {
        string key = context.Keys.Import;
        var reader = new ByteReader(content.Span, key, "record");
        if (content.Length < FixedBytes || !reader.Take(Magic.Length).SequenceEqual(Magic)
            || Crc32C.Compute(content.Span[..^4]) != BinaryPrimitives.ReadUInt32LittleEndian(content.Span[^4..]))
        {
            reader.Fail("it is no record of an import");
        }

        var id = reader.Guid();
        long version = reader.I64();
        ulong epoch = reader.U64();
        bool applies = version == below!.Version && epoch == below.CollectionEpoch && reader.U32() == pageBytes;

        // A database that does not exist yet has the id that its segments name. One that does has its own.
        bool isNew = below.Version == 0 && below.Recent.IsEmpty && below.SwapId == default;
        if (!applies || !(isNew || id == below.DatabaseId))
        {
            return;
        }

        uint count = reader.U32();
        for (uint i = 0; i < count && i < MostSegments; i++)
        {
            int number = (int)Math.Min(reader.U32(), MostSegments);
            var entry = SegmentEntryCodec.Read(ref reader, content, key, "record");
            byte[] hash = reader.Take(HashBytes).ToArray();
            if (entry.MaxVersion == version + 1 && entry.CollectionEpoch == epoch)
            {
                earlier[number] = (entry, hash);
            }
        }

        below = below with { DatabaseId = id };
    }
}
