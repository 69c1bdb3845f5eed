using System.Diagnostics;

namespace OrleansSqlite.Tests;

/// <summary>
/// A disk that is nearly full. Root gets one of its own, of which all but a little is taken; others a limit on the size of
/// files, which fails in the same way.
/// </summary>
internal sealed class SmallDisk : IDisposable
{
    private const int DiskKibibytes = 4096;
    private readonly bool isMounted;
    private readonly string[] limit;

    /// <param name="path">A directory to put it at.</param>
    /// <param name="leftKibibytes">What is left on it.</param>
    public SmallDisk(string path, int leftKibibytes)
    {
        Path = Directory.CreateDirectory(path).FullName;
        isMounted = Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", $"size={DiskKibibytes}k", "tmpfs", Path);
        limit = isMounted ? [] : ["bash", "-c", $"trap '' XFSZ; ulimit -f {leftKibibytes / 2}; exec \"$@\"", "limited"];
        if (isMounted)
        {
            File.WriteAllBytes(Ballast, new byte[(DiskKibibytes - leftKibibytes) << 10]);
        }
    }

    /// <summary>The directory.</summary>
    public string Path { get; }

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    /// <summary>Starts a worker for which the disk is nearly full.</summary>
    public WorkerProcess Start(Dictionary<string, string> environment, params string[] arguments)
    {
        // The runtime maps its own code through a file that is larger than the limit, unless told not to.
        environment["DOTNET_EnableWriteXorExecute"] = "0";
        return WorkerProcess.StartIn(limit, environment, arguments);
    }

    /// <summary>Makes room.</summary>
    public void Free() => File.Delete(Ballast);

    public void Dispose()
    {
        if (isMounted)
        {
            Assert.True(Run("umount", Path), $"{Path} could not be unmounted.");
        }
    }

    private static bool Run(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
