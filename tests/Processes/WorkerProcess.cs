using System.Diagnostics;
using System.Text.Json;

namespace OrleansSqlite.Tests;

/// <summary>A process that uses the library: tests/Worker, with its verbs.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> errors;

    private WorkerProcess(ProcessStartInfo start)
    {
        process = Process.Start(start)!;
        output = process.StandardOutput.ReadToEndAsync();
        errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>
    /// Options of the host: tests that stand on more than the runtime (on ASP.NET Core, say) have the worker's assemblies beside them only
    /// as far as that does not bring them.
    /// </summary>
    public static string[] HostOptions { get; set; } = [];

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>Starts one: a verb and its options.</summary>
    public static WorkerProcess Start(params string[] arguments) => StartIn([], null, arguments);

    /// <summary>Starts one in another setting.</summary>
    /// <param name="prefix">A command that runs the command that follows it (<c>setpriv …</c>).</param>
    /// <param name="environment">Variables to change.</param>
    /// <param name="arguments">The verb and its options.</param>
    public static WorkerProcess StartIn(string[] prefix, Dictionary<string, string>? environment, params string[] arguments)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] command = [.. prefix, host, .. HostOptions, Path.Combine(AppContext.BaseDirectory, "OrleansSqlite.Worker.dll"), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        return new WorkerProcess(start);
    }

    /// <summary>Runs one that must succeed, and gives what it printed.</summary>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        using var worker = Start(arguments);
        return await worker.SucceedAsync();
    }

    /// <summary>Sends a line to its standard input.</summary>
    public void Proceed() => process.StandardInput.WriteLine();

    /// <summary>SIGKILL, and waits until it is dead.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Waits for its end, which must be a success without a word of error, and gives what it printed.</summary>
    public async Task<string> SucceedAsync()
    {
        int code = await ExitAsync();
        string said = await errors;
        Assert.True(code == 0 && said.Length == 0, $"A worker ended with {code}: {said}");
        return await output;
    }

    /// <summary>Waits for its end, which must be an error of the library, and gives that.</summary>
    public async Task<WorkerError> FailAsync()
    {
        int code = await ExitAsync();
        string said = await errors;
        Assert.True(code == 1, $"A worker was to end with an error of the library, but ended with {code}: {said}");
        return JsonSerializer.Deserialize<WorkerError>(said)!;
    }

    /// <summary>What it has said to standard error, once it has ended.</summary>
    public Task<string> ErrorsAsync() => errors;

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }

    private async Task<int> ExitAsync()
    {
        using var giveUp = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(giveUp.Token);
        return process.ExitCode;
    }
}

/// <summary>The error that a worker ended with.</summary>
internal sealed record WorkerError(string Kind, string Code, string? Database, string? Object, string Message);
