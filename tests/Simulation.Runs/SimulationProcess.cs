using System.Diagnostics;

namespace OrleansSqlite.Tests;

/// <summary>The simulation as a process of its own: its thread pool has one thread, which no test could live with.</summary>
internal static class SimulationProcess
{
    /// <summary>Runs it to its end, and gives what it said.</summary>
    public static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(host, [Path.Combine(AppContext.BaseDirectory, "OrleansSqlite.Simulation.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var giveUp = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        try
        {
            await process.WaitForExitAsync(giveUp.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            return (-1, $"It did not end in time: {string.Join(' ', arguments)}");
        }

        return (process.ExitCode, await output + await errors);
    }
}
