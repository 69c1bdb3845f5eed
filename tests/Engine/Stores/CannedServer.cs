using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansSqlite.Tests.Stores;

/// <summary>A request as it came over the wire.</summary>
internal sealed record CannedRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string? this[string header] => Headers.GetValueOrDefault(header);
}

/// <summary>
/// An HTTP server whose answers the test makes up, down to closing the connection in the middle of one: a raw socket, as no
/// ready-made server can be told to misbehave like that.
/// </summary>
internal sealed class CannedServer : IAsyncDisposable
{
    /// <summary>An answer that is none: the connection is closed.</summary>
    public const string HangUp = "";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource closing = new();
    private readonly Func<CannedRequest, Task<string>> answer;
    private readonly Task accepting;

    /// <summary>Starts it.</summary>
    /// <param name="answer">Gives the whole answer, status line and all, for a request.</param>
    public CannedServer(Func<CannedRequest, Task<string>> answer)
    {
        this.answer = answer;
        listener.Start();
        Endpoint = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        accepting = Task.Run(AcceptAsync);
    }

    public CannedServer(Func<CannedRequest, string> answer)
        : this(request => Task.FromResult(answer(request)))
    {
    }

    public Uri Endpoint { get; }

    /// <summary>All requests so far.</summary>
    public List<CannedRequest> Requests { get; } = [];

    public static string Answer(int status, string body = "", params string[] headers) =>
        $"HTTP/1.1 {status} Whatever\r\nContent-Length: {body.Length}\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n{body}";

    /// <summary>An error as S3 words it.</summary>
    public static string Error(int status, string code) =>
        Answer(status, $"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>So it is.</Message><AWSAccessKeyId>AKIDTEST</AWSAccessKeyId></Error>", "Content-Type: application/xml");

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await accepting;
        listener.Dispose();
        closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                TcpClient connection = await listener.AcceptTcpClientAsync(closing.Token);
                connections.Add(ServeAsync(connection));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient connection)
    {
        using (connection)
        {
            try
            {
                NetworkStream stream = connection.GetStream();
                while (await ReadAsync(stream) is { } request)
                {
                    lock (Requests)
                    {
                        Requests.Add(request);
                    }

                    string answer = await this.answer(request).WaitAsync(closing.Token);
                    if (answer == HangUp)
                    {
                        return;
                    }

                    await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), closing.Token);
                    if (answer.Contains("Connection: close", StringComparison.Ordinal))
                    {
                        return;
                    }
                }
            }
            catch (Exception error) when (error is OperationCanceledException or IOException)
            {
                // The client hung up, or the test is over.
            }
        }
    }

    private async Task<CannedRequest?> ReadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, closing.Token) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] start = lines[0].Split(' ');
        var headers = lines.Skip(1).Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim(), StringComparer.OrdinalIgnoreCase);
        if (headers.ContainsKey("Expect"))
        {
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), closing.Token);
        }

        byte[] body = new byte[int.Parse(headers.GetValueOrDefault("Content-Length", "0"))];
        await stream.ReadExactlyAsync(body, closing.Token);
        return new CannedRequest(start[0], start[1], headers, body);
    }
}
