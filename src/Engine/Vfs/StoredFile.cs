using System.Buffers.Binary;
using OrleansSqlite.Pages;

namespace OrleansSqlite.Vfs;

/// <summary>
/// The database file of one connection, as SQLite sees it: a pinned snapshot, and over it the pages that the running
/// transaction has written. It meets the store only at its commit point. See docs/PROTOCOL.md for the rules of SQLite
/// that this class lives by; each has a test.
/// </summary>
internal sealed unsafe class StoredFile(Session session) : IDisposable
{
    private const int HeaderBytes = 100;
    private const int ProbeOffset = 24;
    private const int ProbeBytes = 16;
    private const int SchemaCookieOffset = 40;
    private static readonly object NoState = new();
    private readonly PagePins pins = new();
    private int lockLevel;
    private Snapshot? snapshot;
    private Overlay? overlay;
    private bool refused;
    private object? cachedIdentity;
    private bool hasCompared;
    private bool committed;
    private List<Snapshot>? retired;

    /// <summary>What the file stands on.</summary>
    public Session Session => session;

    /// <summary>What the running transaction has touched.</summary>
    public TouchedTables Touched { get; } = new();

    /// <summary>The size in bytes as the connection sees it now.</summary>
    public long Bytes
    {
        get
        {
            if (snapshot is { } held)
            {
                return overlay is null ? held.Bytes : (long)overlay.PageBytes * overlay.PageCount;
            }

            var current = session.Peek();
            long bytes = current.Bytes;
            current.Release();
            return bytes;
        }
    }

    public int Lock(int level)
    {
        if (lockLevel == Code.LockNone)
        {
            snapshot = session.Begin();
            Touched.Clear();
            refused = committed = hasCompared = false;
        }

        if (level >= Code.LockReserved && lockLevel < Code.LockReserved)
        {
            int code = session.Reserve();
            if (code != Code.Ok)
            {
                if (lockLevel == Code.LockNone)
                {
                    End();
                }

                return code;
            }
        }

        lockLevel = level;
        return Code.Ok;
    }

    public int Unlock(int level)
    {
        if (lockLevel >= Code.LockReserved && level <= Code.LockShared)
        {
            // Commit or roll-back is over. What SQLite wrote after the commit point was never part of it.
            overlay?.Dispose();
            overlay = null;
            refused = committed = false;
        }

        if (level == Code.LockNone)
        {
            End();
        }

        lockLevel = level;
        return Code.Ok;
    }

    /// <summary>The connection is closed.</summary>
    public void Dispose()
    {
        overlay?.Dispose();
        overlay = null;
        End();
    }

    public int Read(byte* to, int length, long offset)
    {
        if (snapshot is null)
        {
            // Before its first lock SQLite reads the header, to learn the page size.
            snapshot = session.Peek();
            int code = ReadHeld(to, length, offset);
            snapshot.Release();
            snapshot = null;
            return code;
        }

        if (length == ProbeBytes && offset == ProbeOffset && lockLevel <= Code.LockShared && overlay is null)
        {
            return ReadProbe(to);
        }

        return ReadHeld(to, length, offset);
    }

    public int Write(byte* from, int length, long offset)
    {
        // An empty database takes its page size from the first page written: SQLite writes whole pages.
        overlay ??= new Overlay(snapshot!.PageBytes == 0 ? length : snapshot.PageBytes, snapshot.PageCount);
        if (overlay.Bytes > session.TransactionBytes)
        {
            throw new DatabaseException(
                ErrorKind.Invalid,
                ErrorCodes.LimitExceeded,
                $"The transaction changes more than {session.TransactionBytes} bytes of pages. Split it up, or raise {nameof(DatabaseOptions.TransactionBytes)}.");
        }

        for (int done = 0; done < length;)
        {
            long at = offset + done;
            uint page = (uint)(at / overlay.PageBytes) + 1;
            int start = (int)(at % overlay.PageBytes);
            int count = Math.Min(overlay.PageBytes - start, length - done);
            byte* image = overlay.Open(page, out bool isNew);
            if (isNew && count < overlay.PageBytes && page <= snapshot!.PageCount && overlay.ShowsBelow(page))
            {
                snapshot.Copy(page, new Span<byte>(image, overlay.PageBytes));
            }

            Buffer.MemoryCopy(from + done, image + start, count, count);
            done += count;
        }

        return Code.Ok;
    }

    public int Truncate(long bytes)
    {
        if (overlay is null)
        {
            if (snapshot is null || bytes == snapshot.Bytes || committed)
            {
                // After the commit point this repeats what the page count in page 1 has said already.
                return Code.Ok;
            }

            overlay = new Overlay(snapshot.PageBytes, snapshot.PageCount);
        }

        // VACUUM to a smaller page size cuts in the midst of a page of the old size: what is left of it still counts.
        overlay.Resize((uint)((bytes + overlay.PageBytes - 1) / overlay.PageBytes));
        return Code.Ok;
    }

    /// <summary>
    /// The one commit point: SQLite has written all pages and waits for the answer. It also calls here while it plays
    /// a rollback journal back, after a spill or a refusal: then the change counter is that of the snapshot.
    /// </summary>
    public int Commit()
    {
        if (overlay is null || refused || committed)
        {
            return Code.Ok;
        }

        byte* header = overlay.Find(1);
        if (header is null || ChangeCounter(header) == SnapshotCounter())
        {
            return Code.Ok;
        }

        // VACUUM and auto_vacuum truncate the file only after this point: the size is in page 1 by now.
        uint pageCount = BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(header + 28, 4));
        int pageBytes = PageBytesOf(header);
        if (pageBytes != overlay.PageBytes)
        {
            var cut = Recut(pageBytes, pageCount);
            overlay.Dispose();
            overlay = cut;
        }
        else if (pageCount < overlay.PageCount)
        {
            overlay.Resize(pageCount);
        }

        overlay.Tables = TouchedNow(overlay.Find(1));
        int code = session.Commit(snapshot!, overlay, out var next);
        if (code != Code.Ok)
        {
            // After BUSY the transaction is still open, and COMMIT comes here again.
            refused = code != Code.Busy;
            return code;
        }

        // Published pages are frozen: whatever SQLite still writes goes to an overlay that nobody reads.
        overlay.Dispose();
        overlay = null;
        pins.Retire();
        (retired ??= []).Add(snapshot!);
        snapshot = next!;
        committed = true;
        return Code.Ok;
    }

    /// <summary>A pointer to a page in place of a copy: for readers only, and only if it can be had. Null is a fine answer.</summary>
    public nint Fetch(long offset, int length)
    {
        if (overlay is not null || lockLevel != Code.LockShared || length != snapshot!.PageBytes || offset % length != 0)
        {
            return 0;
        }

        uint page = (uint)(offset / length) + 1;
        if (page > snapshot.PageCount)
        {
            return 0;
        }

        nint image = pins.Again(page);
        return image != 0 || pins.TryAdd(page, snapshot, out image) ? image : 0;
    }

    /// <summary>SQLite no longer uses the pointer.</summary>
    public void Unfetch(long offset)
    {
        if (snapshot is { PageBytes: > 0 } held)
        {
            pins.Remove((uint)(offset / held.PageBytes) + 1);
        }
    }

    /// <summary>
    /// SQLite keeps its page cache exactly if these 16 bytes (change counter and its neighbours) are those of its copy of page 1.
    /// Another state may carry the same bytes, so what decides is the state's identity: for another one the answer differs.
    /// </summary>
    private int ReadProbe(byte* to)
    {
        int code = ReadHeld(to, ProbeBytes, ProbeOffset);
        hasCompared = true;
        if (code == Code.Ok && cachedIdentity is not null && !ReferenceEquals(cachedIdentity, snapshot!.Identity))
        {
            *(ulong*)to = ~*(ulong*)to;
        }

        return code;
    }

    private int ReadHeld(byte* to, int length, long offset)
    {
        int pageBytes = overlay?.PageBytes ?? snapshot!.PageBytes;
        uint pageCount = overlay?.PageCount ?? snapshot!.PageCount;
        long size = (long)pageBytes * pageCount;
        int done = 0;
        while (done < length && offset + done < size)
        {
            long at = offset + done;
            uint page = (uint)(at / pageBytes) + 1;
            int start = (int)(at % pageBytes);
            int count = Math.Min(pageBytes - start, length - done);
            CopyPart(page, start, to + done, count);
            done += count;
        }

        if (offset == 0 && done >= HeaderBytes && to[18] == 2)
        {
            // Imported from WAL mode: the file is whole, only its mark says otherwise.
            to[18] = to[19] = 1;
        }

        new Span<byte>(to + done, length - done).Clear();
        return done < length ? Code.ShortRead : Code.Ok;
    }

    private void CopyPart(uint page, int start, byte* to, int count)
    {
        byte* written = overlay is null ? null : overlay.Find(page);
        if (written is not null)
        {
            Buffer.MemoryCopy(written + start, to, count, count);
        }
        else if (page > snapshot!.PageCount || (overlay is not null && !overlay.ShowsBelow(page)))
        {
            new Span<byte>(to, count).Clear();
        }
        else
        {
            var block = snapshot.Find(page);
            Snapshot.Pin(block);
            Buffer.MemoryCopy(block.Image(Snapshot.SlotOf(block, page), snapshot.PageBytes) + start, to, count, count);
            block.Unpin();
        }
    }

    private uint SnapshotCounter()
    {
        if (snapshot!.PageCount == 0)
        {
            return 0;
        }

        byte* counter = stackalloc byte[4];
        CopyBelow(1, 24, counter, 4);
        return BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(counter, 4));
    }

    private void CopyBelow(uint page, int start, byte* to, int count)
    {
        var block = snapshot!.Find(page);
        Snapshot.Pin(block);
        Buffer.MemoryCopy(block.Image(Snapshot.SlotOf(block, page), snapshot.PageBytes) + start, to, count, count);
        block.Unpin();
    }

    /// <summary>The tables whose rows the transaction changed, and the schema if its cookie is another one.</summary>
    private string[] TouchedNow(byte* header)
    {
        uint below = 0;
        if (snapshot!.PageCount > 0)
        {
            CopyBelow(1, SchemaCookieOffset, (byte*)&below, sizeof(uint));
        }

        string[] tables = Touched.ToArray();
        return *(uint*)(header + SchemaCookieOffset) == below ? tables : [.. tables, TouchedTables.Schema];
    }

    private static int PageBytesOf(byte* header)
    {
        int stored = BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(header + 16, 2));
        return stored == 1 ? 65536 : stored;
    }

    private static uint ChangeCounter(byte* header) => BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(header + 24, 4));

    /// <summary>VACUUM with a new page size has written its pages in pieces of the old size: cuts them anew.</summary>
    private Overlay Recut(int pageBytes, uint pageCount)
    {
        var cut = new Overlay(pageBytes, 0);
        try
        {
            for (uint page = 1; page <= pageCount; page++)
            {
                ReadHeld(cut.Open(page, out _), pageBytes, (long)(page - 1) * pageBytes);
            }

            return cut;
        }
        catch
        {
            cut.Dispose();
            throw;
        }
    }

    private void End()
    {
        pins.Clear();
        if (snapshot is null)
        {
            return;
        }

        // Whatever SQLite has cached now is of this state: a roll-back restored it, a commit moved on to it. But if it could not
        // compare its cache, it still has the old one: that is of no state that comes.
        cachedIdentity = hasCompared || cachedIdentity is null ? snapshot.Identity : NoState;
        snapshot.Release();
        snapshot = null;
        if (retired is not null)
        {
            // Readers that were open across a commit on this connection held pointers into the state before it.
            retired.ForEach(static state => state.Release());
            retired = null;
        }

        session.Ended();
    }
}
