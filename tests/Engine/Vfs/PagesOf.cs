using System.Buffers.Binary;
using OrleansSqlite.Pages;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>The pages of a snapshot as bytes.</summary>
internal static class PagesOf
{
    /// <summary>One page.</summary>
    public static byte[] One(Snapshot snapshot, uint page)
    {
        byte[] image = new byte[snapshot.PageBytes];
        snapshot.Copy(page, image);
        return image;
    }

    /// <summary>All of them: the database as a file.</summary>
    public static byte[] All(Snapshot snapshot)
    {
        byte[] file = new byte[snapshot.Bytes];
        for (uint page = 1; page <= snapshot.PageCount; page++)
        {
            snapshot.Copy(page, file.AsSpan((int)((page - 1) * snapshot.PageBytes), snapshot.PageBytes));
        }

        return file;
    }

    /// <summary>A number in the header of the database file.</summary>
    public static uint Header(Snapshot snapshot, int offset) => BinaryPrimitives.ReadUInt32BigEndian(One(snapshot, 1).AsSpan(offset));
}
