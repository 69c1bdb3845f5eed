using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace OrleansSqlite.Tests;

/// <summary>Stands before an S3 server and lets go wrong what can go wrong on the way to it, at random. It changes no byte of what it passes on.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Uri server;
    private readonly ConcurrentDictionary<ProxyConnection, Task> connections = new();
    private readonly ConcurrentDictionary<Task, bool> late = new();
    private readonly int[] counts = new int[Enum.GetValues<Fate>().Length];
    private readonly Task accepting;

    /// <param name="server">The server's address.</param>
    /// <param name="entropy">Decides about requests, in the order in which they arrive.</param>
    public FaultProxy(Uri server, Entropy entropy)
    {
        this.server = server;
        Entropy = entropy;
        listener.Start();
        Endpoint = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public Uri Endpoint { get; }

    /// <summary>What goes wrong, and how often.</summary>
    public FateRates Rates { get; set; } = FateRates.None;

    /// <summary>How long an answer is held: longer than its receiver waits.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How late a request arrives at most that was thought to be lost.</summary>
    public TimeSpan Lateness { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The source of its decisions.</summary>
    public Entropy Entropy { get; }

    /// <summary>How many requests had a fate.</summary>
    public int Count(Fate fate) => Volatile.Read(ref counts[(int)fate]);

    /// <summary>How many requests something befell.</summary>
    public int Faults => Enum.GetValues<Fate>().Where(fate => fate != Fate.Served).Sum(Count);

    /// <summary>Decides about a request.</summary>
    public Fate Decide(HttpMessage request)
    {
        var fate = Rates.Draw(Entropy, request);
        Interlocked.Increment(ref counts[(int)fate]);
        return fate;
    }

    /// <summary>A connection of one's own to the server.</summary>
    public async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(server.Host, server.Port);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Passes a request on after its sender has given it up. Nobody hears the answer.</summary>
    public void SendLate(HttpMessage request)
    {
        var sending = SendAsync();
        late[sending] = true;
        sending.ContinueWith(done => late.TryRemove(done, out _), TaskScheduler.Default);

        async Task SendAsync()
        {
            await Task.Delay(Entropy.Jitter(Lateness));
            using var client = await ConnectAsync();
            await request.SendAsync(client.GetStream());

            // To the final answer: a server that is in the midst of a request gives it up when its sender goes.
            await new HttpReader(client.GetStream()).ReadFinalAsync(request);
        }
    }

    /// <summary>Waits until all that was late has arrived.</summary>
    public async Task SettleAsync()
    {
        while (!late.IsEmpty)
        {
            await Task.WhenAll(late.Keys);
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await accepting;
        foreach (var connection in connections.Keys)
        {
            connection.Reset();
        }

        await Task.WhenAll(connections.Values);
        await SettleAsync();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            ProxyConnection connection;
            try
            {
                connection = new ProxyConnection(this, await listener.AcceptTcpClientAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            var serving = Task.Run(connection.ServeAsync);
            connections[connection] = serving;
            _ = serving.ContinueWith(_ => connections.TryRemove(connection, out Task? _), TaskScheduler.Default);
        }
    }
}
