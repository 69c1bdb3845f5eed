using System.Buffers;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Server.Hrana;

/// <summary>
/// One WebSocket: many streams, whose requests run side by side, and on each stream in order. When it ends, all of its streams do,
/// and their transactions with them.
/// </summary>
internal sealed class HranaSocket(
    HttpContext context, WebSocket socket, IHranaEncoding encoding, string database,
    HranaStreams streams, RequestClock clock, HranaAccess access, OrleansSqliteServerOptions options, TimeProvider time)
    : IAsyncDisposable
{
    /// <summary>The code of a connection on which no hello came in time.</summary>
    public const string NoHello = "NO_HELLO";

    /// <summary>How many requests of a stream may wait before nothing more is read from the client.</summary>
    private const int WaitingRequests = 64;

    /// <summary>How large a message may be before hello: room for any token, and not for what a stranger would have the server hold.</summary>
    private const int HelloBytes = 64 << 10;

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
            if (!await TakeAsync(encoding.ReadMessage(message.WrittenMemory)))
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
        long most = isWelcome ? options.RequestBytes : Math.Min(HelloBytes, options.RequestBytes);
        while (true)
        {
            var part = await socket.ReceiveAsync(message.GetMemory(4096), context.RequestAborted);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return false;
            }

            if (part.MessageType != encoding.Frames)
            {
                throw HranaException.Malformed($"Messages of this subprotocol come in frames of the type {encoding.Frames}.");
            }

            message.Advance(part.Count);
            if (message.WrittenCount > most)
            {
                throw new HranaException("MESSAGE_TOO_LARGE", $"A message has more than {most} bytes.");
            }

            if (part.EndOfMessage)
            {
                return true;
            }
        }
    }

    /// <summary>Takes a message. False if it was the last one.</summary>
    private async Task<bool> TakeAsync(ClientMessage message)
    {
        switch (message)
        {
            case ClientMessage.Hello hello:
                var refusal = await RefusalAsync(hello.Token);
                isWelcome = refusal is null;
                await SendAsync(refusal is null ? new ServerMessage.HelloOk() : new ServerMessage.HelloError(refusal));
                if (!isWelcome)
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.PolicyViolation, "The hello was refused.", CancellationToken.None);
                }

                return isWelcome;
            case ClientMessage.Request request when isWelcome:
                await RequestAsync(request.Id, request.Asked);
                return true;
            default:
                throw HranaException.Malformed("A request came before hello.");
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

    private async Task RequestAsync(int id, SocketRequest asked)
    {
        try
        {
            switch (asked)
            {
                case SocketRequest.OpenStream it:
                    Open(it.StreamId);
                    await AnswerAsync(id, new HranaResponse.Done("open_stream"));
                    break;
                case SocketRequest.CloseStream it:
                    if (open.Remove(it.StreamId, out var closed))
                    {
                        await closed.CloseAsync();
                    }

                    await AnswerAsync(id, new HranaResponse.Done("close_stream"));
                    break;
                case SocketRequest.StoreSql it:
                    sql.Store(it.SqlId, it.Sql);
                    await AnswerAsync(id, new HranaResponse.Done("store_sql"));
                    break;
                case SocketRequest.CloseSql it:
                    sql.Close(it.SqlId);
                    await AnswerAsync(id, new HranaResponse.Done("close_sql"));
                    break;
                case SocketRequest.OpenCursor it:
                    await OpenAsync(id, it);
                    break;
                case SocketRequest.FetchCursor it:
                    var reading = Cursor(it.CursorId);
                    await EnqueueAsync(reading, id, (_, _) => Task.FromResult(reading.Fetch(it.CursorId, it.MaxCount)));
                    break;
                case SocketRequest.CloseCursor it:
                    var owner = Cursor(it.CursorId);
                    cursors.Remove(it.CursorId);
                    await EnqueueAsync(owner, id, (_, _) =>
                    {
                        owner.Cursors.Remove(it.CursorId);
                        return Task.FromResult<HranaResponse>(new HranaResponse.Done("close_cursor"));
                    });
                    break;
                case SocketRequest.OfStream it:
                    // SQL may be closed as soon as its last request was sent: its text is looked up now.
                    var request = Resolve(it.Request);
                    await EnqueueAsync(Stream(it.StreamId), id, (stream, cancellation) => stream.AnswerAsync(request, sql, cancellation));
                    break;
            }
        }
        catch (Exception error) when (error is DatabaseException || (error is HranaException { Code: not "HRANA_PROTO_ERROR" }))
        {
            await FailAsync(id, HranaErrors.From(error));
        }
    }

    private async Task OpenAsync(int id, SocketRequest.OpenCursor asked)
    {
        var steps = asked.Steps.Select(step => step with { Statement = Resolve(step.Statement) }).ToList();
        var opening = Stream(asked.StreamId);
        if (cursors.Count >= options.Streams)
        {
            throw new HranaException("TOO_MANY_CURSORS", $"This connection has {cursors.Count} cursors open. Close those that are done.");
        }

        cursors[asked.CursorId] = opening;
        await EnqueueAsync(opening, id, async (stream, cancellation) =>
        {
            if (opening.Cursors.Count > 0)
            {
                throw new HranaException("CURSOR_OPEN", "A stream has one cursor at a time. Close the other one first.");
            }

            opening.Cursors[asked.CursorId] = await stream.CollectAsync(steps, sql, cancellation);
            return new HranaResponse.Done("open_cursor");
        });
    }

    private void Open(int id)
    {
        if (open.ContainsKey(id))
        {
            throw HranaException.Malformed($"The stream {id} is open already.");
        }

        open.Add(id, new SocketStream(streams.Open(database, mayWrite)));
    }

    private SocketStream Stream(int id) =>
        open.GetValueOrDefault(id) ?? throw new HranaException("STREAM_NOT_OPEN", $"The stream {id} is not open.");

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

    private Task AnswerAsync(int id, HranaResponse response) => SendAsync(new ServerMessage.ResponseOk(id, response));

    private Task FailAsync(int id, HranaError error) => SendAsync(new ServerMessage.ResponseError(id, error));

    private async Task SendAsync(ServerMessage message)
    {
        var bytes = new ArrayBufferWriter<byte>();
        encoding.WriteMessage(bytes, message);
        await sending.WaitAsync(context.RequestAborted);
        try
        {
            await socket.SendAsync(bytes.WrittenMemory, encoding.Frames, endOfMessage: true, context.RequestAborted);
        }
        finally
        {
            sending.Release();
        }
    }
}
