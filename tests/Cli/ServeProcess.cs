using System.Diagnostics;

namespace OrleansSqlite.Tests;

/// <summary>The real server as a process of its own.</summary>
internal sealed class ServeProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly Task<string> error;

    private ServeProcess(Process process)
    {
        this.process = process;
        error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>What it printed until it was ready.</summary>
    public List<string> Announcement { get; } = [];

    /// <summary>Where it listens, without a slash at the end.</summary>
    public string Address => Addresses[0];

    public string[] Addresses { get; private set; } = [];

    public HttpClient Client { get; private set; } = new();

    /// <summary>Starts a server on a free port and waits until it listens.</summary>
    public static Task<ServeProcess> StartAsync(Sandbox box, params string[] args) => StartAsync(box, [], args);

    /// <summary>Starts a server with these variables on a free port and waits until it listens.</summary>
    public static async Task<ServeProcess> StartAsync(Sandbox box, (string Name, string Value)[] environment, params string[] args)
    {
        var serve = new ServeProcess(box.Start(Sandbox.Program, ["serve", .. args], [("PORT", "0"), .. environment]));
        try
        {
            await serve.ListenAsync();
            return serve;
        }
        catch
        {
            await serve.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks it to end, as a container's host does, and waits for that.</summary>
    public async Task<Outcome> StopAsync(string signal = "TERM")
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        using var patience = new CancellationTokenSource(Patience);
        var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return new(process.ExitCode, output, await error);
    }

    private async Task ListenAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            Announcement.Add(line);
            if (line.StartsWith("listening", StringComparison.Ordinal))
            {
                Addresses = line["listening".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            }

            if (line.StartsWith("All there is:", StringComparison.Ordinal))
            {
                Client = new HttpClient { BaseAddress = new Uri(Address) };
                return;
            }
        }

        throw new InvalidOperationException($"The server has ended: {await error}");
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }
}
