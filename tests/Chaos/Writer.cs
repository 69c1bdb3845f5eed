using System.Diagnostics;

namespace OrleansSqlite.Tests;

/// <summary>A process that writes: tests/Worker with its verb "chaos".</summary>
internal sealed class Writer : IDisposable
{
    private readonly Process process;
    private readonly Task<string> errors;
    private readonly Task listening;
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> begun = [];

    /// <summary>Starts one.</summary>
    public Writer(ChaosHistory history, params string[] arguments)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        process = Process.Start(new ProcessStartInfo(host, [Path.Combine(AppContext.BaseDirectory, "OrleansSqlite.Worker.dll"), "chaos", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        errors = process.StandardError.ReadToEndAsync();
        listening = Task.Run(() => ListenAsync(history));
    }

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>What it has sent and not heard the end of. Complete once it is dead.</summary>
    public IReadOnlyList<string> Unfinished => begun;

    /// <summary>Sends it a signal.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>SIGKILL, which even a process that is stopped obeys, and waits until it is dead and all that it has said is heard.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        await listening;
    }

    /// <summary>Lets it bring its writes to an end, and waits for that.</summary>
    public async Task FinishAsync()
    {
        await process.StandardInput.WriteLineAsync();
        var ended = process.WaitForExitAsync();
        Assert.True(await Task.WhenAny(done.Task, ended) == done.Task, $"A writer ended by itself: {(ended.IsCompleted ? await errors : "")}");
    }

    /// <summary>Lets it export what it sees, and waits for its end, which must be a good one.</summary>
    public async Task ExportAsync()
    {
        await process.StandardInput.WriteLineAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        await listening;
    }

    /// <summary>Fails if it has ended: nobody has told it to.</summary>
    public async Task AssertRunsAsync() => Assert.False(HasExited, HasExited ? $"A writer ended by itself: {await errors}" : "");

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }

    private async Task ListenAsync(ChaosHistory history)
    {
        // A line that was cut off by a kill has no end; it says nothing, as if the kill had come before it.
        string rest = "";
        char[] buffer = new char[16 << 10];
        for (int read; (read = await process.StandardOutput.ReadAsync(buffer)) > 0;)
        {
            string[] lines = (rest + new string(buffer, 0, read)).Split('\n');
            rest = lines[^1];
            foreach (string line in lines[..^1])
            {
                if (line == "done")
                {
                    done.TrySetResult();
                    continue;
                }

                history.Hear(line);
                string[] words = line.Split(' ');
                if (words[0] == "begin")
                {
                    begun.Add(words[1]);
                }
                else if (words[0] != "read")
                {
                    begun.Remove(words[1]);
                }
            }
        }
    }
}
