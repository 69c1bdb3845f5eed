using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace OrleansSqlite.Tests;

/// <summary>What a process left behind.</summary>
internal sealed record Outcome(int ExitCode, string Out, string Error)
{
    /// <summary>The standard output as JSON.</summary>
    public JsonElement Json() => JsonDocument.Parse(Out).RootElement;

    /// <summary>The output's lines.</summary>
    public string[] Lines() => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Asserts that it went well.</summary>
    public Outcome Ok()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Out}\n{Error}");
        return this;
    }

    /// <summary>Asserts that it failed as a user should see it: the exit code, one line what happened, one line what to do.</summary>
    public Outcome Failed(int exitCode, string what)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode}, expected {exitCode}\n{Out}\n{Error}");
        var lines = Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length == 2, Error);
        Assert.StartsWith("error: ", lines[0], StringComparison.Ordinal);
        Assert.Contains(what, lines[0], StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("next:  ", lines[1], StringComparison.Ordinal);
        return this;
    }
}

/// <summary>A folder with a store of its own, in which the real program runs as a process.</summary>
internal sealed class Sandbox : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public Sandbox()
    {
        Folder = Directory.CreateTempSubdirectory("orleans-sqlite-test-").FullName;
        StoreFolder = Directory.CreateDirectory(Path.Combine(Folder, "store")).FullName;
    }

    /// <summary>The program, as it was built.</summary>
    public static string Program { get; } =
        Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "orleans-sqlite.exe" : "orleans-sqlite");

    public string Folder { get; }

    public string StoreFolder { get; }

    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>Runs the program on the sandbox's store.</summary>
    public Task<Outcome> RunAsync(params string[] args) => RunAsync("", args);

    /// <summary>Runs the program with this standard input.</summary>
    public async Task<Outcome> RunAsync(string input, string[] args)
    {
        using var process = Start(Program, args);
        return await FinishAsync(process, input);
    }

    /// <summary>Runs a line as a user types it into a terminal.</summary>
    public async Task<Outcome> BashAsync(string line, params (string Name, string Value)[] environment)
    {
        using var process = Start("bash", ["-c", line], environment);
        return await FinishAsync(process, "");
    }

    /// <summary>Starts a program with the sandbox's environment.</summary>
    public Process Start(string program, string[] args, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(false),
            WorkingDirectory = Folder,
        };
        start.Environment["ORLEANSSQLITE_STORE"] = StoreFolder;
        start.Environment["XDG_DATA_HOME"] = Path.Combine(Folder, "data");
        start.Environment["PATH"] = $"{AppContext.BaseDirectory}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment.Remove("PORT");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Gives a process its input and waits for its end.</summary>
    public static async Task<Outcome> FinishAsync(Process process, string input)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended without reading its input.
        }

        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"The process has not ended within {Patience}.\n{await output}\n{await error}");
        }

        return new(process.ExitCode, (await output).ReplaceLineEndings("\n"), (await error).ReplaceLineEndings("\n"));
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
