using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OrleansSqlite.Stores;

/// <summary>
/// Makes changes of directories durable. A file that was flushed is still lost in a power cut if its name was not:
/// names belong to the directory, which has to be flushed too. The runtime has no call for that.
/// </summary>
internal static partial class DirectorySync
{
    private const int Interrupted = 4;
    private const int InvalidArgument = 22;
    private const int CloseOnExecLinux = 0x80000;
    private const int CloseOnExecBsd = 0x1000000;

    /// <summary>Flushes the names in a directory to disk. Windows does so by itself (NTFS journals them), and has no such call.</summary>
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int flags = OperatingSystem.IsLinux() ? CloseOnExecLinux : CloseOnExecBsd;
        int descriptor = Retry(() => Open(directory, flags));
        if (descriptor < 0)
        {
            throw Failure(directory);
        }

        try
        {
            // Some file systems (FUSE, network shares) say EINVAL: they have nothing to flush for a directory.
            if (Retry(() => Fsync(descriptor)) < 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
            {
                throw Failure(directory);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static int Retry(Func<int> call)
    {
        int result;
        do
        {
            result = call();
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        return result;
    }

    private static IOException Failure(string directory)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"The directory {directory} cannot be flushed to disk: {new Win32Exception(error).Message}", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
