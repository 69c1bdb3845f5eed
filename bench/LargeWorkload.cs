using System.Diagnostics;
using System.Globalization;

namespace OrleansSqlite.Bench;

/// <summary>
/// A database of some gigabytes on a directory that answers as late as S3 does. Each step is a process of its own, so that nothing is in memory, and
/// so that its peak can be told.
/// </summary>
internal static class LargeWorkload
{
    /// <summary>The steps, each a workload that this program runs in a process of its own.</summary>
    public static readonly string[] Steps = ["import", "cold", "points", "scan", "export"];

    public static async Task RunAsync(Settings settings, Table table)
    {
        string folder = Directory.CreateDirectory(settings.Folder ?? Path.Combine(Path.GetTempPath(), "orleans-sqlite-bench-large")).FullName;
        string file = Path.Combine(folder, "large.db");
        try
        {
            long began = Stopwatch.GetTimestamp();
            LargeFile.Make(file, settings.Gigabytes);
            table.Add("make the file", ("s", Stopwatch.GetElapsedTime(began).TotalSeconds), ("GB", new FileInfo(file).Length / 1e9));
            double plain = settings.Wants("scan") ? LargeFile.Scan(file) : 0;
            foreach (string step in Steps.Where(step => step == "import" || settings.Wants(step)))
            {
                var numbers = await StepAsync(step, folder);
                if (step == "scan")
                {
                    numbers = [.. numbers, ("× plain", plain / numbers.Single(number => number.Name == "s").Value)];
                }

                table.Add(step, numbers);
                File.Delete(step == "export" ? Path.Combine(folder, "exported.db") : Path.Combine(folder, "none"));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(string Name, double Value)[]> StepAsync(string step, string folder)
    {
        string host = Environment.ProcessPath!;
        string[] own = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(LargeWorkload).Assembly.Location] : [];
        var start = new ProcessStartInfo(host, [.. own, $"large-{step}", "--folder", folder]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).Select(parts => (parts[0], double.Parse(parts[1], CultureInfo.InvariantCulture)))]
            : throw new InvalidOperationException($"The step {step} ended with {process.ExitCode}.");
    }
}
