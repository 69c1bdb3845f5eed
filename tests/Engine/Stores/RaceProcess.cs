using System.Diagnostics;

namespace OrleansSqlite.Tests.Stores;

/// <summary>Runs the program of <c>tests/Stores.Race</c>.</summary>
internal static class RaceProcess
{
    private static string Program => Path.Combine(AppContext.BaseDirectory, "OrleansSqlite.Stores.Race.dll");

    public static Process Start(params string[] arguments) => Start(Dotnet, [Program, .. arguments]);

    /// <summary>Runs it to its end and gives what it said.</summary>
    public static async Task<string> RunAsync(IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        using Process process = Start(Dotnet, [Program, .. arguments], environment);
        string said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return said.Trim();
    }

    /// <summary>Runs it to its end from a shell in which the commands were run before, and gives what it said.</summary>
    public static async Task<string> RunAfterAsync(string commands, params string[] arguments)
    {
        // Write-xor-execute maps memory through a file, which a limit on the size of files would not let it have.
        var environment = new Dictionary<string, string?> { ["DOTNET_EnableWriteXorExecute"] = "0" };
        using Process process = Start("bash", ["-c", $"{commands}; exec \"$@\"", "bash", Dotnet, Program, .. arguments], environment);
        string said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return said.Trim();
    }

    private static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
