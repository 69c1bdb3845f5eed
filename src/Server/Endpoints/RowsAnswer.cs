using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace OrleansSqlite.Server;

/// <summary>Streams rows: as one JSON object, or in lines for whoever accepts those, each a JSON value of its own.</summary>
internal sealed class RowsAnswer : IDisposable
{
    private const string Lines = "application/x-ndjson";

    /// <summary>Bytes of JSON that gather before they are sent.</summary>
    private const int FlushBytes = 64 << 10;

    private readonly HttpContext context;
    private readonly RequestTime time;
    private readonly OrleansSqliteServerOptions limits;
    private readonly bool inLines;

    // What is gathered here can still be thrown away: an error among the first rows is answered as an error.
    private readonly ArrayBufferWriter<byte> gathered = new(FlushBytes);
    private readonly Utf8JsonWriter writer;

    private long rowsGiven;
    private long bytesSent;

    private RowsAnswer(HttpContext context, RequestTime time)
    {
        (this.context, this.time) = (context, time);
        limits = context.RequestServices.GetRequiredService<IOptions<OrleansSqliteServerOptions>>().Value;
        inLines = context.Request.GetTypedHeaders().Accept.Any(accepted => accepted.MediaType == Lines && accepted.Quality is null or > 0);
        writer = new(gathered, ResultJson.Writer);
    }

    /// <summary>Sends all rows.</summary>
    public static async Task SendAsync(HttpContext context, RequestTime time, IRowReader rows)
    {
        using var answer = new RowsAnswer(context, time);
        await answer.SendAsync(rows);
    }

    public void Dispose() => writer.Dispose();

    private async Task SendAsync(IRowReader rows)
    {
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        if (inLines)
        {
            context.Response.ContentType = Lines;
            ResultJson.WriteFirstLine(writer, rows.Version, rows.Columns);
            EndLine();
        }
        else
        {
            ResultJson.Start(writer, rows.Version, rows.Columns);
        }

        Answer.Headers(context);
        while (await time.RunAsync(cancellation => rows.ReadAsync(cancellation).AsTask()) is { Count: > 0 } some)
        {
            Write(some);
            Bound(some.Count);
            if (writer.BytesPending + gathered.WrittenCount >= FlushBytes)
            {
                await FlushAsync();
            }
        }

        if (!inLines)
        {
            ResultJson.End(writer);
            EndLine();
        }

        await FlushAsync();
    }

    private void Write(IReadOnlyList<IReadOnlyList<SqlValue>> rows)
    {
        if (!inLines)
        {
            ResultJson.WriteRows(writer, rows);
            return;
        }

        foreach (var row in rows)
        {
            ResultJson.WriteRow(writer, row);
            EndLine();
        }
    }

    /// <exception cref="DatabaseException">The answer has grown beyond what this server allows.</exception>
    private void Bound(int rows)
    {
        rowsGiven += rows;
        if (rowsGiven > limits.QueryRows || bytesSent + gathered.WrittenCount + writer.BytesPending > limits.QueryBytes)
        {
            throw new DatabaseException(
                ErrorKind.Invalid, ErrorCodes.LimitExceeded,
                $"The query gives more than the {limits.QueryRows} rows or {limits.QueryBytes} bytes that this server allows. Ask for fewer, with LIMIT, or for one part after the other.");
        }
    }

    /// <summary>Ends a value, and the line that it stands on.</summary>
    private void EndLine()
    {
        writer.Flush();
        gathered.Write("\n"u8);
        writer.Reset();
    }

    private async Task FlushAsync()
    {
        writer.Flush();
        await time.RunAsync(cancellation => context.Response.BodyWriter.WriteAsync(gathered.WrittenMemory, cancellation).AsTask());
        bytesSent += gathered.WrittenCount;
        gathered.ResetWrittenCount();
    }
}
