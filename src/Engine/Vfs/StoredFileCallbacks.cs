using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Vfs;

/// <summary>
/// <see cref="StoredFile"/> as SQLite's table of functions. Nothing may leave a callback but a result code: an exception
/// would end the process. The session keeps the exception for the message.
/// </summary>
internal static unsafe class StoredFileCallbacks
{
    private static readonly SqliteIoMethods* Methods = Create();

    /// <summary>Makes an opened <c>sqlite3_file</c> stand for a stored file.</summary>
    public static void Attach(SqliteFile* file, StoredFile stored)
    {
        file->Handle = GCHandle.ToIntPtr(GCHandle.Alloc(stored));
        file->Methods = Methods;
    }

    /// <summary>The stored file behind an open <c>sqlite3_file</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StoredFile Of(SqliteFile* file) => Unsafe.As<StoredFile>(GCHandle.FromIntPtr(file->Handle).Target!);

    private static SqliteIoMethods* Create()
    {
        var methods = (SqliteIoMethods*)NativeMemory.AllocZeroed((nuint)sizeof(SqliteIoMethods));
        methods->Version = 3;
        methods->Close = &Close;
        methods->Read = &Read;
        methods->Write = &Write;
        methods->Truncate = &Truncate;
        methods->Sync = &Sync;
        methods->FileSize = &FileSize;
        methods->Lock = &Lock;
        methods->Unlock = &Unlock;
        methods->CheckReservedLock = &CheckReservedLock;
        methods->FileControl = &FileControl;
        methods->SectorSize = &SectorSize;
        methods->DeviceCharacteristics = &DeviceCharacteristics;
        methods->Fetch = &Fetch;
        methods->Unfetch = &Unfetch;
        return methods;
    }

    private static int Failed(SqliteFile* file, Exception error, int code)
    {
        Of(file).Session.Failure = error;
        return error switch
        {
            DatabaseException { Kind: ErrorKind.Corrupt } => Code.IoCorrupt,
            StoreException { Failure: StoreFailure.Full } => Code.Full,
            OutOfMemoryException => Code.NoMemory,
            _ => code,
        };
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(SqliteFile* file)
    {
        try
        {
            var handle = GCHandle.FromIntPtr(file->Handle);
            ((StoredFile)handle.Target!).Dispose();
            handle.Free();
            file->Methods = null;
            return Code.Ok;
        }
        catch (Exception)
        {
            return Code.IoError;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(SqliteFile* file, byte* to, int length, long offset)
    {
        try
        {
            return Of(file).Read(to, length, offset);
        }
        catch (Exception e)
        {
            return Failed(file, e, Code.IoRead);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(SqliteFile* file, byte* from, int length, long offset)
    {
        try
        {
            return Of(file).Write(from, length, offset);
        }
        catch (Exception e)
        {
            return Failed(file, e, Code.IoWrite);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(SqliteFile* file, long bytes)
    {
        try
        {
            return Of(file).Truncate(bytes);
        }
        catch (Exception e)
        {
            return Failed(file, e, Code.IoTruncate);
        }
    }

    // Durability is decided at the commit point; xSync isn't even called with synchronous=OFF.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(SqliteFile* file, int flags) => Code.Ok;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileSize(SqliteFile* file, long* bytes)
    {
        try
        {
            *bytes = Of(file).Bytes;
            return Code.Ok;
        }
        catch (Exception e)
        {
            return Failed(file, e, Code.IoRead);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Lock(SqliteFile* file, int level)
    {
        try
        {
            return Of(file).Lock(level);
        }
        catch (Exception e)
        {
            return Failed(file, e, Code.IoLock);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Unlock(SqliteFile* file, int level)
    {
        try
        {
            return Of(file).Unlock(level);
        }
        catch (Exception e)
        {
            return Failed(file, e, Code.IoUnlock);
        }
    }

    // Asked only about hot journals, of which there are none.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CheckReservedLock(SqliteFile* file, int* result)
    {
        *result = 0;
        return Code.Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileControl(SqliteFile* file, int operation, void* argument)
    {
        try
        {
            return operation switch
            {
                Code.ControlSync => Of(file).Commit(),
                Code.ControlPragma => Pragma((byte**)argument),
                Code.ControlMmapSize => Code.Ok,
                _ => Code.NotFound,
            };
        }
        catch (Exception e)
        {
            return Failed(file, e, Code.IoFsync);
        }
    }

    /// <summary>The journal and locking modes are not the user's to change: answers with those in force.</summary>
    private static int Pragma(byte** argument)
    {
        string? name = Marshal.PtrToStringUTF8((nint)argument[1]);
        string? answer = name?.ToUpperInvariant() switch
        {
            // Without a value SQLite answers by itself; with one it would switch.
            "JOURNAL_MODE" when argument[2] is not null && !IsMemory(argument[2]) => "memory",
            "LOCKING_MODE" when argument[2] is not null => "normal",
            _ => null,
        };
        if (answer is null)
        {
            return Code.NotFound;
        }

        byte* text = Native.Allocate(answer.Length + 1);
        if (text is null)
        {
            return Code.NoMemory;
        }

        Encoding.ASCII.GetBytes(answer, new Span<byte>(text, answer.Length));
        text[answer.Length] = 0;
        argument[0] = text;
        return Code.Ok;
    }

    private static bool IsMemory(byte* value) =>
        string.Equals(Marshal.PtrToStringUTF8((nint)value)?.Trim('\'', '"'), "memory", StringComparison.OrdinalIgnoreCase);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SectorSize(SqliteFile* file) => 4096;

    // POWERSAFE_OVERWRITE, SAFE_APPEND, SEQUENTIAL, SUBPAGE_READ: nothing is torn or reordered before the commit point.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DeviceCharacteristics(SqliteFile* file) => 0x1000 | 0x200 | 0x400 | 0x8000;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Fetch(SqliteFile* file, long offset, int length, void** result)
    {
        try
        {
            *result = (void*)Of(file).Fetch(offset, length);
            return Code.Ok;
        }
        catch (Exception e)
        {
            *result = null;
            return Failed(file, e, Code.IoRead);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Unfetch(SqliteFile* file, long offset, void* page)
    {
        if (page is not null)
        {
            Of(file).Unfetch(offset);
        }

        return Code.Ok;
    }
}
