using System.Globalization;

namespace OrleansSqlite.Worker;

/// <summary>The most memory that this process ever held in RAM, by the kernel's own account.</summary>
internal static class PeakMemory
{
    /// <summary>Prints it in bytes, as one line.</summary>
    public static async Task PrintAsync()
    {
        string line = (await File.ReadAllLinesAsync("/proc/self/status")).Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        long kibibytes = long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        await Console.Out.WriteLineAsync($"{kibibytes << 10}");
    }
}
