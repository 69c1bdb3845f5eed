using System.Globalization;
using System.Text;

namespace OrleansSqlite.Tests;

/// <summary>Takes HTTP messages (RFC 9112) out of a connection.</summary>
internal sealed class HttpReader(Stream stream)
{
    private readonly byte[] buffer = new byte[64 << 10];
    private int start;
    private int end;

    /// <summary>The next message, or null if the connection has come to its end.</summary>
    /// <param name="answersHead">True for the answer to a HEAD request, which speaks of a body that it does not have.</param>
    /// <param name="leave">Called before the body of a request whose sender waits to be asked for it.</param>
    public async Task<HttpMessage?> ReadAsync(bool answersHead = false, Func<Task>? leave = null)
    {
        var head = new MemoryStream();
        if (await LineAsync(head) is not { } startLine)
        {
            return null;
        }

        long length = 0;
        bool chunked = false;
        bool ends = false;
        bool asks = false;
        while (await LineAsync(head) is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string value = line[(colon + 1)..].Trim();
            switch (line[..colon].ToLowerInvariant())
            {
                case "content-length":
                    length = long.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "transfer-encoding":
                    chunked = value.Equals("chunked", StringComparison.OrdinalIgnoreCase);
                    break;
                case "connection":
                    ends = value.Equals("close", StringComparison.OrdinalIgnoreCase);
                    break;
                case "expect":
                    asks = true;
                    break;
                default:
                    break;
            }
        }

        if (asks && leave is not null)
        {
            await leave();
        }

        var body = new MemoryStream();
        bool bodiless = answersHead || startLine.StartsWith("HTTP/1.1 1", StringComparison.Ordinal)
            || startLine.StartsWith("HTTP/1.1 204", StringComparison.Ordinal) || startLine.StartsWith("HTTP/1.1 304", StringComparison.Ordinal);
        if (!bodiless && chunked)
        {
            await ChunksAsync(body);
        }
        else if (!bodiless)
        {
            await CopyAsync(body, length);
        }

        return new HttpMessage(startLine, head.ToArray(), body.ToArray(), ends, asks);
    }

    /// <summary>The final answer to a request: past those that only say "100 Continue".</summary>
    /// <param name="request">What was asked.</param>
    public async Task<HttpMessage> ReadFinalAsync(HttpMessage request)
    {
        while (true)
        {
            var answer = await ReadAsync(request.Method == "HEAD") ?? throw new EndOfStreamException("The server has closed the connection.");
            if (answer.Status >= 200)
            {
                return answer;
            }
        }
    }

    private async Task ChunksAsync(MemoryStream body)
    {
        for (long size = -1; size != 0;)
        {
            string line = await LineAsync(body) ?? throw new EndOfStreamException("The connection broke in the midst of a message.");
            size = long.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            await CopyAsync(body, size + 2);
        }
    }

    /// <summary>A line without its end; with it, it goes to <paramref name="raw"/>. Null if there is no more.</summary>
    private async Task<string?> LineAsync(MemoryStream raw)
    {
        long before = raw.Length;
        for (byte last = 0; last != (byte)'\n';)
        {
            if (start == end && !await FillAsync())
            {
                return raw.Length == 0 ? null : throw new EndOfStreamException("The connection broke in the midst of a message.");
            }

            last = buffer[start++];
            raw.WriteByte(last);
        }

        return Encoding.Latin1.GetString(raw.GetBuffer(), (int)before, (int)(raw.Length - before)).TrimEnd('\r', '\n');
    }

    private async Task CopyAsync(MemoryStream to, long count)
    {
        while (count > 0)
        {
            if (start == end && !await FillAsync())
            {
                throw new EndOfStreamException("The connection broke in the midst of a message.");
            }

            int some = (int)Math.Min(count, end - start);
            to.Write(buffer, start, some);
            start += some;
            count -= some;
        }
    }

    private async Task<bool> FillAsync()
    {
        (start, end) = (0, await stream.ReadAsync(buffer));
        return end > 0;
    }
}
