using System.Net.Sockets;
using System.Text;

namespace OrleansSqlite.Tests;

/// <summary>One connection of a client, and the one to the server that goes with it.</summary>
internal sealed class ProxyConnection(FaultProxy proxy, TcpClient client)
{
    private TcpClient? server;
    private HttpReader? answers;

    /// <summary>Serves it until it ends, or is ended by fate.</summary>
    public async Task ServeAsync()
    {
        try
        {
            client.NoDelay = true;
            var stream = client.GetStream();
            var requests = new HttpReader(stream);
            while (await requests.ReadAsync(leave: () => stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray()).AsTask()) is { } request)
            {
                if (!await ServeAsync(stream, request))
                {
                    Reset();
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // One of the two has gone, or was killed; then the other one finds its connection broken.
            Reset();
        }
        finally
        {
            client.Dispose();
            server?.Dispose();
        }
    }

    /// <summary>Breaks it off, as the network does: the client gets a reset in place of an end.</summary>
    public void Reset()
    {
        try
        {
            client.Client?.Close(0);
        }
        catch (ObjectDisposedException)
        {
            // It is gone.
        }
    }

    /// <summary>Serves a request; false if the connection is to be reset.</summary>
    private async Task<bool> ServeAsync(NetworkStream stream, HttpMessage request)
    {
        var fate = proxy.Decide(request);
        switch (fate)
        {
            case Fate.SlowDown:
                await stream.WriteAsync(Failure(request, "503 Slow Down", "SlowDown"));
                return true;
            case Fate.Lost:
                return false;
            case Fate.Late:
                proxy.SendLate(request);
                return false;
            case Fate.Torn:
                using (var torn = await proxy.ConnectAsync())
                {
                    await request.SendHalfAsync(torn.GetStream());
                    torn.Client.Close(0);
                }

                return false;
            case Fate.Delayed:
                await Task.Delay(proxy.Entropy.Jitter(TimeSpan.FromMilliseconds(150)));
                break;
            case Fate.Echoed:
                await ForwardAsync(request);
                break;
            default:
                break;
        }

        var answer = await ForwardAsync(request);
        switch (fate)
        {
            case Fate.ServedAndFailed:
                await stream.WriteAsync(Failure(request, "500 Internal Server Error", "InternalError"));
                return true;
            case Fate.AnswerLost:
                return false;
            case Fate.AnswerTorn:
                await answer.SendHalfAsync(stream);
                return answer.Body.Length == 0;
            case Fate.AnswerHeld:
                await Task.Delay(proxy.Hold);
                break;
            default:
                break;
        }

        await answer.SendAsync(stream);
        return true;
    }

    private async Task<HttpMessage> ForwardAsync(HttpMessage request)
    {
        if (server is null)
        {
            server = await proxy.ConnectAsync();
            answers = new HttpReader(server.GetStream());
        }

        await request.SendAsync(server.GetStream());
        var answer = await answers!.ReadFinalAsync(request);
        if (answer.EndsConnection)
        {
            server.Dispose();
            server = null;
        }

        return answer;
    }

    private static byte[] Failure(HttpMessage request, string status, string code)
    {
        string body = request.Method == "HEAD" ? "" : $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>By chance</Message></Error>";
        return Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }
}
