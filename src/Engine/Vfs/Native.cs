using System.Runtime.InteropServices;

namespace OrleansSqlite.Vfs;

/// <summary>The parts of SQLite's C interface that SQLitePCLRaw does not offer: VFS registration and its structures (sqlite3.h).</summary>
internal static unsafe partial class Native
{
    private const string Library = "e_sqlite3";

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_find")]
    public static partial SqliteVfs* FindVfs(byte* name);

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_register")]
    public static partial int RegisterVfs(SqliteVfs* vfs, int makeDefault);

    [LibraryImport(Library, EntryPoint = "sqlite3_malloc")]
    public static partial byte* Allocate(int bytes);

    [LibraryImport(Library, EntryPoint = "sqlite3_file_control")]
    public static partial int FileControl(nint db, byte* database, int operation, void* argument);

    [LibraryImport(Library, EntryPoint = "sqlite3_preupdate_hook")]
    public static partial nint WatchChanges(nint db, delegate* unmanaged[Cdecl]<SqliteFile*, nint, int, byte*, byte*, long, long, void> callback, SqliteFile* context);

    [LibraryImport(Library, EntryPoint = "sqlite3_set_last_insert_rowid")]
    private static partial void SetLastInsertRowId(nint db, long rowId);

    /// <summary>The value that <c>last_insert_rowid()</c> gives until the next insert.</summary>
    public static void SetLastInsertRowId(SQLitePCL.sqlite3 handle, long rowId) => SetLastInsertRowId(handle.DangerousGetHandle(), rowId);
}

/// <summary><c>sqlite3_vfs</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SqliteVfs
{
    public int Version;
    public int FileBytes;
    public int MaxPathname;
    public SqliteVfs* Next;
    public byte* Name;
    public void* AppData;
    public delegate* unmanaged[Cdecl]<SqliteVfs*, byte*, SqliteFile*, int, int*, int> Open;
    public delegate* unmanaged[Cdecl]<SqliteVfs*, byte*, int, int> Delete;
    public delegate* unmanaged[Cdecl]<SqliteVfs*, byte*, int, int*, int> Access;
    public delegate* unmanaged[Cdecl]<SqliteVfs*, byte*, int, byte*, int> FullPathname;

    // Taken over from the platform's own VFS: shared libraries, randomness, sleep, time, errors, system calls.
    public void* DlOpen, DlError, DlSym, DlClose, Randomness, Sleep, CurrentTime, GetLastError, CurrentTimeInt64;
    public void* SetSystemCall, GetSystemCall, NextSystemCall;
}

/// <summary><c>sqlite3_file</c>, with the handle of the managed object behind it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SqliteFile
{
    public SqliteIoMethods* Methods;
    public nint Handle;
}

/// <summary><c>sqlite3_io_methods</c>, version 3.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SqliteIoMethods
{
    public int Version;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int> Close;
    public delegate* unmanaged[Cdecl]<SqliteFile*, byte*, int, long, int> Read;
    public delegate* unmanaged[Cdecl]<SqliteFile*, byte*, int, long, int> Write;
    public delegate* unmanaged[Cdecl]<SqliteFile*, long, int> Truncate;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> Sync;
    public delegate* unmanaged[Cdecl]<SqliteFile*, long*, int> FileSize;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> Lock;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> Unlock;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int*, int> CheckReservedLock;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, void*, int> FileControl;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int> SectorSize;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int> DeviceCharacteristics;
    public void* ShmMap, ShmLock, ShmBarrier, ShmUnmap;
    public delegate* unmanaged[Cdecl]<SqliteFile*, long, int, void**, int> Fetch;
    public delegate* unmanaged[Cdecl]<SqliteFile*, long, void*, int> Unfetch;
}

/// <summary>Result codes, flags and opcodes of SQLite that the VFS speaks.</summary>
internal static class Code
{
    public const int Ok = 0;
    public const int Error = 1;
    public const int Busy = 5;
    public const int NoMemory = 7;
    public const int ReadOnly = 8;
    public const int IoError = 10;
    public const int NotFound = 12;
    public const int Full = 13;
    public const int CannotOpen = 14;
    public const int IoRead = 266;
    public const int AbortRollback = 516;
    public const int ShortRead = 522;
    public const int IoWrite = 778;
    public const int IoFsync = 1034;
    public const int IoLock = 3850;
    public const int IoUnlock = 2058;
    public const int IoTruncate = 1546;
    public const int IoCorrupt = 8458;

    public const int OpenCreate = 0x4;
    public const int OpenMainDatabase = 0x100;
    public const int OpenMainJournal = 0x800;
    public const int OpenSuperJournal = 0x4000;
    public const int OpenWal = 0x80000;

    public const int LockNone = 0;
    public const int LockShared = 1;
    public const int LockReserved = 2;

    public const int ControlFilePointer = 7;
    public const int ControlPragma = 14;
    public const int ControlMmapSize = 18;
    public const int ControlSync = 21;
}
