using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace OrleansSqlite.Data;

/// <summary>
/// Refuses ATTACH of anything but memory: a commit to two databases could succeed in one and fail in the other. Everything else is
/// the caller's to do; the connection is theirs.
/// </summary>
internal static unsafe class AttachGuard
{
    private const int Deny = 1;

    /// <summary>Puts the guard on a connection.</summary>
    public static void Attach(sqlite3 handle) => _ = TraceNative.SetAuthorizer(handle.DangerousGetHandle(), &Authorize, 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Authorize(nint context, int action, byte* first, byte* second, byte* database, byte* source)
    {
        if (action != raw.SQLITE_ATTACH)
        {
            return raw.SQLITE_OK;
        }

        // Null: the name is an expression, known only later. Empty: temporary; so VACUUM works.
        var name = first is null ? "?"u8 : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(first);
        return name.IsEmpty || name.SequenceEqual(":memory:"u8) ? raw.SQLITE_OK : Deny;
    }
}
