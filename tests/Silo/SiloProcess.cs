using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using OrleansSqlite.Silo;

namespace OrleansSqlite.Tests;

/// <summary>The real silo as a process of its own.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Process process;
    private readonly Task<string> error;

    private SiloProcess(Process process)
    {
        this.process = process;
        error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>What it printed until it was ready.</summary>
    public List<string> Announcement { get; } = [];

    /// <summary>A client of its HTTP server.</summary>
    public HttpClient Client { get; } = new();

    /// <summary>Its port for other silos, if it was started on free ones.</summary>
    public int SiloPort { get; private init; }

    /// <summary>Starts a silo on free ports and waits until it listens.</summary>
    public static Task<SiloProcess> StartAsync(params string[] args) => StartAsync(OnFreePorts(args));

    /// <summary>How to start a silo on free ports.</summary>
    public static ProcessStartInfo OnFreePorts(params string[] args) => new(
        Path.ChangeExtension(typeof(SiloProgram).Assembly.Location, null),
        ["--urls", "http://127.0.0.1:0", "--silo-port", $"{FreePort()}", "--gateway-port", $"{FreePort()}", .. args]);

    /// <summary>Starts a silo in a way of one's own and waits until it listens.</summary>
    public static async Task<SiloProcess> StartAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        var started = new SiloProcess(Process.Start(start)!)
        {
            SiloPort = start.ArgumentList.IndexOf("--silo-port") is var at and >= 0 ? int.Parse(start.ArgumentList[at + 1], CultureInfo.InvariantCulture) : 0,
        };
        try
        {
            await started.ListenAsync();
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a signal.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Asks it to end, as a container's host does, and waits for that.</summary>
    public async Task<(int Code, string Output, string Error)> StopAsync()
    {
        await SignalAsync("TERM");
        using var patience = new CancellationTokenSource(Patience);
        string output = await process.StandardOutput.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, output, await error);
    }

    /// <summary>Ends it at once, as a power cut does.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!process.HasExited)
        {
            await KillAsync();
        }

        process.Dispose();
    }

    private async Task ListenAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            Announcement.Add(line);
            if (line.StartsWith("listening", StringComparison.Ordinal))
            {
                // Nobody can call "all addresses".
                string address = line["listening".Length..].Trim().Split(' ')[0];
                Client.BaseAddress = new Uri(address.Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal));
            }

            if (line.StartsWith("All there is:", StringComparison.Ordinal))
            {
                return;
            }
        }

        throw new InvalidOperationException($"The silo has ended: {await error}");
    }

    /// <summary>A port that nobody listens on.</summary>
    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
