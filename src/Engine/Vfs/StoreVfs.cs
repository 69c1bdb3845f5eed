using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansSqlite.Vfs;

/// <summary>
/// The VFS <c>orleans-sqlite</c>, registered once in a process. It opens exactly the files that <see cref="Connections"/>
/// has announced, each once: no SQL text can name a stored database, or a file of the machine, through it.
/// </summary>
internal static unsafe class StoreVfs
{
    /// <summary>The name for <c>Vfs=</c> in a connection string.</summary>
    public const string Name = "orleans-sqlite";

    private static readonly ConcurrentDictionary<string, Session> Announced = new();
    private static readonly SqliteVfs* Platform = FindPlatform();
    private static readonly bool Registered = Register();
    private static long announcements;

    /// <summary>Makes a file name that opens a file on the session, once.</summary>
    public static string Announce(Session session)
    {
        if (!Registered)
        {
            throw new InvalidOperationException("SQLite did not accept the VFS.");
        }

        // Rooted, because the provider puts other names into the application's data directory, if it has set one.
        string name = $"/stored-{Interlocked.Increment(ref announcements)}";
        Announced[name] = session;
        return name;
    }

    /// <summary>Takes an announcement back that was not used.</summary>
    public static void Withdraw(string name) => Announced.TryRemove(name, out _);

    private static SqliteVfs* FindPlatform()
    {
        SQLitePCL.Batteries_V2.Init();
        return Native.FindVfs(null);
    }

    private static bool Register()
    {
        var vfs = (SqliteVfs*)NativeMemory.AllocZeroed((nuint)sizeof(SqliteVfs));
        *vfs = *Platform;
        vfs->Next = null;
        vfs->FileBytes = Math.Max(Platform->FileBytes, sizeof(SqliteFile));
        vfs->MaxPathname = 512;
        vfs->Name = (byte*)Marshal.StringToCoTaskMemUTF8(Name);
        vfs->AppData = null;
        vfs->Open = &Open;
        vfs->Delete = &Delete;
        vfs->Access = &Access;
        vfs->FullPathname = &FullPathname;
        return Native.RegisterVfs(vfs, 0) == Code.Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(SqliteVfs* vfs, byte* name, SqliteFile* file, int flags, int* outFlags)
    {
        file->Methods = null;
        try
        {
            const int notTemporary = Code.OpenMainDatabase | Code.OpenMainJournal | Code.OpenSuperJournal | Code.OpenWal;
            if ((flags & notTemporary) == 0)
            {
                // Sorters, statement journals, temporary tables: the platform's files, deleted as they are opened.
                return Platform->Open(Platform, name, file, flags, outFlags);
            }

            if ((flags & Code.OpenMainDatabase) == 0
                || Marshal.PtrToStringUTF8((nint)name) is not { } text
                || !Announced.TryRemove(text, out var session))
            {
                return Code.CannotOpen;
            }

            StoredFileCallbacks.Attach(file, new StoredFile(session));
            if (outFlags is not null)
            {
                *outFlags = flags;
            }

            return Code.Ok;
        }
        catch (Exception)
        {
            return Code.CannotOpen;
        }
    }

    // There is never a journal or a WAL beside a stored database.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Delete(SqliteVfs* vfs, byte* name, int syncDirectory) => Code.Ok;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Access(SqliteVfs* vfs, byte* name, int flags, int* result)
    {
        *result = 0;
        return Code.Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FullPathname(SqliteVfs* vfs, byte* name, int length, byte* full)
    {
        int i = 0;
        for (; name[i] != 0; i++)
        {
            if (i >= length - 1)
            {
                return Code.CannotOpen;
            }

            full[i] = name[i];
        }

        full[i] = 0;
        return Code.Ok;
    }
}
