using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Server.Hrana;

/// <summary>
/// One WebSocket: many streams, whose requests run side by side, and on each stream in order. When it ends, all of its streams do,
/// and their transactions with them.
/// </summary>
internal sealed class HranaSocket(
    HttpContext context, WebSocket socket, string database, HranaStreams streams, RequestClock clock, HranaAccess access, OrleansSqliteServerOptions options,
    TimeProvider time)
    : IAsyncDisposable
{
    /// <summary>The code of a connection on which no hello came in time.</summary>
    public const string NoHello = "NO_HELLO";

    /// <summary>How many requests of a stream may wait before nothing more is read from the client.</summary>
    private const int WaitingRequests = 64;

    private readonly Dictionary<int, SocketStream> open = [];
    private readonly Dictionary<int, SocketStream> cursors = [];
    private readonly StoredSql sql = new(options);
    private readonly SemaphoreSlim sending = new(1);
    private bool isWelcome;
    private bool mayWrite;

    /// <summary>Reads and answers messages until the client closes the connection.</summary>
    public async Task ServeAsync()
    {
        var message = new ArrayBufferWriter<byte>();
        bool isThere = await ReceiveFirstAsync(message);
        while (isThere)
        {
            using var json = HranaJsonReader.Parse(message.WrittenMemory);
            if (!await TakeAsync(json.RootElement))
            {
                return;
            }

            isThere = await ReceiveAsync(message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in open.Values)
        {
            await stream.CloseAsync();
        }

        sending.Dispose();
    }

    /// <summary>Receives the hello, or what stands in its place. Who is silent has shown no token yet, and may not hold a connection for ever.</summary>
    private async Task<bool> ReceiveFirstAsync(ArrayBufferWriter<byte> message)
    {
        try
        {
            // Not cancelled but left: a receive that is cancelled ends the connection, and nobody could be told why.
            return await ReceiveAsync(message).WaitAsync(options.RequestTime, time);
        }
        catch (TimeoutException)
        {
            throw new HranaException(NoHello, $"No hello came within {options.RequestTime.TotalSeconds:0.###} s.");
        }
    }

    private async Task<bool> ReceiveAsync(ArrayBufferWriter<byte> message)
    {
        message.ResetWrittenCount();
        while (true)
        {
            var part = await socket.ReceiveAsync(message.GetMemory(4096), context.RequestAborted);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return false;
            }

            if (part.MessageType != WebSocketMessageType.Text)
            {
                throw HranaException.Malformed("This subprotocol has messages of text only.");
            }

            message.Advance(part.Count);
            if (message.WrittenCount > options.RequestBytes)
            {
                throw new HranaException("MESSAGE_TOO_LARGE", $"A message has more than {options.RequestBytes} bytes.");
            }

            if (part.EndOfMessage)
            {
                return true;
            }
        }
    }

    /// <summary>Takes a message. False if it was the last one.</summary>
    private async Task<bool> TakeAsync(JsonElement message)
    {
        switch (HranaJsonReader.Text(message, "type"))
        {
            case "hello":
                var refusal = await RefusalAsync(HranaJsonReader.FindText(message, "jwt"));
                isWelcome = refusal is null;
                await SendAsync(json =>
                {
                    json.WriteString("type", isWelcome ? "hello_ok" : "hello_error");
                    if (refusal is not null)
                    {
                        json.WritePropertyName("error");
                        HranaJsonWriter.Error(json, refusal);
                    }
                });
                if (!isWelcome)
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.PolicyViolation, "The hello was refused.", CancellationToken.None);
                }

                return isWelcome;
            case "request" when isWelcome:
                await RequestAsync(HranaJsonReader.Number(message, "request_id"), HranaJsonReader.Member(message, "request"));
                return true;
            case "request":
                throw HranaException.Malformed("A request came before hello.");
            case var other:
                throw HranaException.Malformed($"The message \"{other}\" is not known.");
        }
    }

    private async Task<HranaError?> RefusalAsync(string? token)
    {
        try
        {
            mayWrite = await access.MayWriteAsync(context, database, token);
            return null;
        }
        catch (Exception error) when (error is HranaException or RequestException or DatabaseException)
        {
            return HranaErrors.From(error);
        }
    }

    private async Task RequestAsync(int id, JsonElement json)
    {
        try
        {
            switch (HranaJsonReader.Text(json, "type"))
            {
                case "open_stream":
                    Open(HranaJsonReader.Number(json, "stream_id"));
                    await AnswerAsync(id, new HranaResponse.Done("open_stream"));
                    break;
                case "close_stream":
                    if (open.Remove(HranaJsonReader.Number(json, "stream_id"), out var closed))
                    {
                        await closed.CloseAsync();
                    }

                    await AnswerAsync(id, new HranaResponse.Done("close_stream"));
                    break;
                case "store_sql":
                    sql.Store(HranaJsonReader.Number(json, "sql_id"), HranaJsonReader.Text(json, "sql"));
                    await AnswerAsync(id, new HranaResponse.Done("store_sql"));
                    break;
                case "close_sql":
                    sql.Close(HranaJsonReader.Number(json, "sql_id"));
                    await AnswerAsync(id, new HranaResponse.Done("close_sql"));
                    break;
                case "open_cursor":
                    var steps = HranaJsonReader.Steps(HranaJsonReader.Member(json, "batch")).Select(step => step with { Statement = Resolve(step.Statement) }).ToList();
                    var opening = Stream(json);
                    int opened = HranaJsonReader.Number(json, "cursor_id");
                    if (cursors.Count >= options.Streams)
                    {
                        throw new HranaException("TOO_MANY_CURSORS", $"This connection has {cursors.Count} cursors open. Close those that are done.");
                    }

                    cursors[opened] = opening;
                    await EnqueueAsync(opening, id, async (stream, cancellation) =>
                    {
                        if (opening.Cursors.Count > 0)
                        {
                            throw new HranaException("CURSOR_OPEN", "A stream has one cursor at a time. Close the other one first.");
                        }

                        opening.Cursors[opened] = await stream.CollectAsync(steps, sql, cancellation);
                        return new HranaResponse.Done("open_cursor");
                    });
                    break;
                case "fetch_cursor":
                    int fetched = HranaJsonReader.Number(json, "cursor_id");
                    int most = HranaJsonReader.Number(json, "max_count");
                    var reading = Cursor(fetched);
                    await EnqueueAsync(reading, id, (_, _) => Task.FromResult(reading.Fetch(fetched, most)));
                    break;
                case "close_cursor":
                    int ended = HranaJsonReader.Number(json, "cursor_id");
                    var owner = Cursor(ended);
                    cursors.Remove(ended);
                    await EnqueueAsync(owner, id, (_, _) =>
                    {
                        owner.Cursors.Remove(ended);
                        return Task.FromResult<HranaResponse>(new HranaResponse.Done("close_cursor"));
                    });
                    break;
                default:
                    // SQL may be closed as soon as its last request was sent: its text is looked up now.
                    var request = Resolve(HranaJsonReader.Request(json));
                    await EnqueueAsync(Stream(json), id, (stream, cancellation) => stream.AnswerAsync(request, sql, cancellation));
                    break;
            }
        }
        catch (Exception error) when (error is DatabaseException || (error is HranaException { Code: not "HRANA_PROTO_ERROR" }))
        {
            await FailAsync(id, HranaErrors.From(error));
        }
    }

    private void Open(int id)
    {
        if (open.ContainsKey(id))
        {
            throw HranaException.Malformed($"The stream {id} is open already.");
        }

        open.Add(id, new SocketStream(streams.Open(database, mayWrite)));
    }

    private SocketStream Stream(JsonElement json)
    {
        int id = HranaJsonReader.Number(json, "stream_id");
        return open.GetValueOrDefault(id) ?? throw new HranaException("STREAM_NOT_OPEN", $"The stream {id} is not open.");
    }

    private SocketStream Cursor(int id) =>
        cursors.GetValueOrDefault(id) ?? throw new HranaException("CURSOR_NOT_OPEN", $"The cursor {id} is not open.");

    private HranaRequest Resolve(HranaRequest request) => request switch
    {
        HranaRequest.Execute it => new HranaRequest.Execute(Resolve(it.Statement)),
        HranaRequest.Batch it => new HranaRequest.Batch([.. it.Steps.Select(step => step with { Statement = Resolve(step.Statement) })]),
        HranaRequest.Sequence it => new HranaRequest.Sequence(new(sql.Text(it.Sql), null)),
        HranaRequest.Describe it => new HranaRequest.Describe(new(sql.Text(it.Sql), null)),
        _ => request,
    };

    private HranaStatement Resolve(HranaStatement statement) => statement with { Sql = new(sql.Text(statement.Sql), null) };

    private async Task EnqueueAsync(SocketStream stream, int id, Func<HranaStream, CancellationToken, Task<HranaResponse>> work)
    {
        if (stream.Waiting >= WaitingRequests)
        {
            await stream.IdleAsync();
        }

        stream.Enqueue(async () =>
        {
            try
            {
                using var time = clock.Start(context);
                stream.Stream.AnswerBytes = 0;
                await AnswerAsync(id, await time.RunAsync(cancellation => work(stream.Stream, cancellation)));
            }
            catch (Exception error) when (error is SqliteException or DatabaseException or HranaException)
            {
                await FailAsync(id, HranaErrors.From(error));
            }
            catch (Exception error) when (error is OperationCanceledException or WebSocketException)
            {
                // Nobody is there to be told; the connection ends by itself.
            }
        });
    }

    private Task AnswerAsync(int id, HranaResponse response) => SendAsync(json =>
    {
        json.WriteString("type", "response_ok");
        json.WriteNumber("request_id", id);
        json.WritePropertyName("response");
        HranaJsonWriter.Response(json, response);
    });

    private Task FailAsync(int id, HranaError error) => SendAsync(json =>
    {
        json.WriteString("type", "response_error");
        json.WriteNumber("request_id", id);
        json.WritePropertyName("error");
        HranaJsonWriter.Error(json, error);
    });

    private async Task SendAsync(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        await using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        await sending.WaitAsync(context.RequestAborted);
        try
        {
            await socket.SendAsync(bytes.WrittenMemory, WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
        }
        finally
        {
            sending.Release();
        }
    }
}
