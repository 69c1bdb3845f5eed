using System.Runtime.InteropServices;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>Makes the use of freed native memory show: the C library fills what is freed from now on with rubbish.</summary>
internal static partial class Poison
{
    private const int Perturb = -6;
    private static readonly bool Set = OperatingSystem.IsLinux() && TrySet();

    /// <summary>Does so, for the whole process, where the C library can.</summary>
    public static bool FreedMemory() => Set;

    private static bool TrySet()
    {
        try
        {
            return MallOpt(Perturb, 0xA5) == 1;
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library than GNU's.
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int MallOpt(int parameter, int value);
}
