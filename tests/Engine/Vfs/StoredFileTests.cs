using System.Buffers.Binary;
using OrleansSqlite.Pages;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>The file below SQLite, called by hand in orders that SQLite takes only now and then.</summary>
public sealed unsafe class StoredFileTests : IDisposable
{
    private const int PageBytes = 512;
    private readonly Chain chain = new();

    public void Dispose() => chain.Dispose();

    // SQLite may write after the commit point (it rolls a commit over several files back so): that is nobody's.
    [Fact]
    public void What_is_written_after_the_commit_point_reaches_nobody()
    {
        using var file = new StoredFile(new ChainSession(chain));
        Begin(file);
        Write(file, 1, Header(1, 2));
        Write(file, 2, Filled(7));
        Assert.Equal(Code.Ok, file.Commit());
        var published = chain.Tip.Share();

        Write(file, 2, Filled(8));
        Write(file, 3, Filled(9));
        Assert.Equal(Code.Ok, file.Commit());
        Assert.Equal(1, chain.Commits);
        Assert.Equal(Filled(7), PagesOf.One(published, 2));
        file.Unlock(Code.LockShared);
        Assert.Equal(Filled(7), Read(file, 2));
        Assert.Equal(2 * PageBytes, file.Bytes);
        file.Unlock(Code.LockNone);
        Assert.Equal(2u, chain.Tip.PageCount);
        published.Release();
    }

    // After the commit point SQLite truncates to the size that page 1 says; repeated, it must not cut once more.
    [Fact]
    public void A_truncation_after_the_commit_point_repeats_what_page_1_says()
    {
        using var file = new StoredFile(new ChainSession(chain));
        Begin(file);
        Write(file, 1, Header(1, 4));
        Write(file, 4, Filled(4));
        Assert.Equal(Code.Ok, file.Commit());
        file.Unlock(Code.LockNone);

        Begin(file);
        Write(file, 1, Header(2, 2));
        Assert.Equal(4 * PageBytes, file.Bytes);
        Assert.Equal(Code.Ok, file.Commit());
        Assert.Equal(2u, chain.Tip.PageCount);
        Assert.Equal(Code.Ok, file.Truncate(2 * PageBytes));
        file.Unlock(Code.LockShared);
        Assert.Equal(2 * PageBytes, file.Bytes);
        file.Unlock(Code.LockNone);

        // What was cut does not come back when the file grows over it.
        Begin(file);
        Write(file, 1, Header(3, 5));
        Write(file, 5, Filled(5));
        Assert.Equal(Code.Ok, file.Commit());
        file.Unlock(Code.LockNone);
        Assert.Equal(Filled(0), PagesOf.One(chain.Tip, 4));
    }

    [Fact]
    public void Cut_and_grown_in_one_transaction_a_page_holds_zeros()
    {
        using var file = new StoredFile(new ChainSession(chain));
        Begin(file);
        Write(file, 1, Header(1, 3));
        Write(file, 3, Filled(3));
        Assert.Equal(Code.Ok, file.Commit());
        file.Unlock(Code.LockNone);

        Begin(file);
        Assert.Equal(Code.Ok, file.Truncate(PageBytes));
        Assert.Equal(Code.Ok, file.Truncate(4 * PageBytes));
        Assert.Equal(Filled(0), Read(file, 3));
        Write(file, 1, Header(2, 4));
        Assert.Equal(Code.Ok, file.Commit());
        file.Unlock(Code.LockNone);
        Assert.Equal(Filled(0), PagesOf.One(chain.Tip, 3));
    }

    // VACUUM to another page size writes in pieces that are no pages.
    [Fact]
    public void Pieces_are_written_over_what_is_below()
    {
        using var file = new StoredFile(new ChainSession(chain));
        Begin(file);
        Write(file, 1, Header(1, 3));
        Write(file, 2, Filled(2));
        Write(file, 3, Filled(3));
        Assert.Equal(Code.Ok, file.Commit());
        file.Unlock(Code.LockNone);

        Begin(file);
        fixed (byte* piece = Filled(9).AsSpan(0, 100))
        {
            Assert.Equal(Code.Ok, file.Write(piece, 100, (2 * PageBytes) - 50));
        }

        byte[] two = Filled(2);
        two.AsSpan(PageBytes - 50).Fill(9);
        byte[] three = Filled(3);
        three.AsSpan(0, 50).Fill(9);
        Assert.Equal(two, Read(file, 2));
        Assert.Equal(three, Read(file, 3));
        file.Unlock(Code.LockNone);
        Assert.Equal(Filled(2), PagesOf.One(chain.Tip, 2));
    }

    // Pointers are for readers alone; a page that is not there has none.
    [Fact]
    public void Pointers_are_handed_out_to_readers_only()
    {
        using var file = new StoredFile(new ChainSession(chain));
        Begin(file);
        Write(file, 1, Header(1, 2));
        Write(file, 2, Filled(2));
        Assert.Equal(0, file.Fetch(PageBytes, PageBytes));
        Assert.Equal(Code.Ok, file.Commit());
        file.Unlock(Code.LockShared);
        nint page = file.Fetch(PageBytes, PageBytes);
        Assert.NotEqual(0, page);
        Assert.Equal(Filled(2), new ReadOnlySpan<byte>((void*)page, PageBytes));
        Assert.Equal(0, file.Fetch(2 * PageBytes, PageBytes));
        Assert.Equal(0, file.Fetch(PageBytes, PageBytes / 2));
        Assert.Equal(0, file.Fetch(PageBytes / 2, PageBytes));
        file.Unfetch(PageBytes);
        Assert.Equal(Code.Ok, file.Lock(Code.LockReserved));
        Assert.Equal(0, file.Fetch(PageBytes, PageBytes));
        file.Unlock(Code.LockNone);
    }

    // A pointer from before a commit keeps the page that it was taken to; from then on the new page is read.
    [Fact]
    public void A_pointer_outlives_the_commit_that_replaces_its_page()
    {
        Poison.FreedMemory();
        using var file = new StoredFile(new ChainSession(chain));
        Begin(file);
        Write(file, 1, Header(1, 2));
        Write(file, 2, Filled(2));
        Assert.Equal(Code.Ok, file.Commit());
        file.Unlock(Code.LockShared);
        nint old = file.Fetch(PageBytes, PageBytes);

        file.Lock(Code.LockReserved);
        Write(file, 1, Header(2, 2));
        Write(file, 2, Filled(3));
        Assert.Equal(Code.Ok, file.Commit());
        file.Unlock(Code.LockShared);
        Assert.Equal(Filled(2), new ReadOnlySpan<byte>((void*)old, PageBytes));

        // The page's place is taken by the old pointer: the new image is read, or pointed to elsewhere, but never mixed up.
        nint next = file.Fetch(PageBytes, PageBytes);
        Assert.True(next == 0 || (next != old && new ReadOnlySpan<byte>((void*)next, PageBytes).SequenceEqual(Filled(3))));
        Assert.Equal(Filled(3), Read(file, 2));
        file.Unfetch(PageBytes);
        Assert.Equal(Filled(2), new ReadOnlySpan<byte>((void*)old, PageBytes));
        file.Unlock(Code.LockNone);
    }

    private void Begin(StoredFile file)
    {
        Assert.Equal(Code.Ok, file.Lock(Code.LockShared));
        Assert.Equal(Code.Ok, file.Lock(Code.LockReserved));
    }

    private static byte[] Header(uint counter, uint pageCount)
    {
        byte[] header = new byte[PageBytes];
        "SQLite format 3\0"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(16), PageBytes);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(24), counter);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(28), pageCount);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(92), counter);
        return header;
    }

    private static byte[] Filled(byte value)
    {
        byte[] image = new byte[PageBytes];
        image.AsSpan().Fill(value);
        return image;
    }

    private static void Write(StoredFile file, uint page, byte[] image)
    {
        fixed (byte* from = image)
        {
            Assert.Equal(Code.Ok, file.Write(from, image.Length, (page - 1L) * PageBytes));
        }
    }

    private static byte[] Read(StoredFile file, uint page)
    {
        byte[] image = new byte[PageBytes];
        fixed (byte* to = image)
        {
            Assert.Equal(Code.Ok, file.Read(to, image.Length, (page - 1L) * PageBytes));
        }

        return image;
    }
}
