using System.Runtime.InteropServices;
using OrleansSqlite.Vfs;
using SQLitePCL;

namespace OrleansSqlite.Transfer;

/// <summary>
/// The file behind a connection, through the handle that SQLite has of it. Another handle would be a danger: when one is closed,
/// POSIX drops every lock that this process has on the file, those of SQLite connections elsewhere in it included.
/// </summary>
internal sealed unsafe partial class RawFile
{
    private const int FilePointer = 7;
    private readonly SqliteFile* file;

    /// <summary>The main database file of a connection, which must stay open meanwhile.</summary>
    public RawFile(sqlite3 connection)
    {
        SqliteFile* found = null;
        int code = FileControl(connection.DangerousGetHandle(), "main", FilePointer, &found);
        file = code == Code.Ok && found is not null && found->Methods is not null
            ? found
            : throw new IOException($"SQLite does not give its file ({code}).");
    }

    /// <summary>The size in bytes.</summary>
    public long Length
    {
        get
        {
            long bytes;
            Check(file->Methods->FileSize(file, &bytes));
            return bytes;
        }
    }

    /// <summary>Whether a writer is preparing a change: then a journal beside the file is its own, and the file is untouched so far.</summary>
    public bool IsReserved
    {
        get
        {
            int reserved;
            Check(file->Methods->CheckReservedLock(file, &reserved));
            return reserved != 0;
        }
    }

    /// <summary>Takes SQLite's shared lock: nobody changes the file meanwhile, but for a checkpoint of a WAL. False if somebody is changing it now.</summary>
    public bool TryLock()
    {
        int code = file->Methods->Lock(file, Code.LockShared);
        if (code == Code.Busy)
        {
            return false;
        }

        Check(code);
        return true;
    }

    /// <summary>Lets the lock go.</summary>
    public void Unlock() => Check(file->Methods->Unlock(file, Code.LockNone));

    /// <summary>Reads bytes that lie in the file.</summary>
    public void Read(Span<byte> to, long offset)
    {
        fixed (byte* start = to)
        {
            Check(file->Methods->Read(file, start, to.Length, offset));
        }
    }

    private static void Check(int code)
    {
        if (code != Code.Ok)
        {
            throw new IOException($"SQLite could not read the file: {raw.sqlite3_errstr(code).utf8_to_string()} ({code}).");
        }
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileControl(nint connection, string database, int operation, void* argument);
}
