using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Server.Hrana;

/// <summary>The protocol over HTTP: pipelines of requests on a stream, and cursors.</summary>
internal sealed class HranaHttpEndpoints(
    HranaStreams streams, HranaAccess access, RequestClock clock, IOptions<OrleansSqliteServerOptions> options, ILogger<HranaHttpEndpoints> logger)
{
    /// <summary>Tells a client that the version is spoken here.</summary>
    public static Task VersionAsync(HttpContext context) => context.Response.WriteAsync("This server speaks this version of Hrana over HTTP.\n");

    public Task PipelineAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        using var time = clock.Start(context);
        using var body = await ReadAsync(context, time);
        var requests = HranaJsonReader.Items(HranaJsonReader.Member(body.RootElement, "requests"), "requests").Select(HranaJsonReader.Request).ToList();
        if (requests.Count > options.Value.BatchSteps)
        {
            throw new HranaException("BATCH_TOO_LARGE", $"The pipeline has {requests.Count} requests; this server takes up to {options.Value.BatchSteps}. Split it.");
        }

        var stream = await StreamAsync(context, body.RootElement);
        bool isKept = false;
        try
        {
            stream.AnswerBytes = 0;
            List<(HranaResponse? Response, HranaError? Error)> results = [];
            foreach (var request in requests)
            {
                results.Add(await AnswerAsync(stream, request, time));
            }

            string? baton = requests.Exists(request => request is HranaRequest.Close) ? null : HranaStreams.NewBaton();
            context.Response.ContentType = "application/json";
            await using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
            {
                json.WriteStartObject();
                Baton(json, baton);
                json.WriteStartArray("results");
                foreach (var (response, error) in results)
                {
                    Result(json, response, error);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            if (baton is not null && !context.RequestAborted.IsCancellationRequested)
            {
                // Before the client can have the baton: what is written above goes out with the flush.
                streams.Keep(stream, baton);
                isKept = true;
            }

            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
        finally
        {
            if (!isKept)
            {
                await stream.DisposeAsync();
            }
        }
    });

    public Task CursorAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        using var time = clock.Start(context);
        using var body = await ReadAsync(context, time);
        var steps = HranaJsonReader.Steps(HranaJsonReader.Member(body.RootElement, "batch"));
        var stream = await StreamAsync(context, body.RootElement);
        bool isKept = false;
        try
        {
            string baton = HranaStreams.NewBaton();
            context.Response.ContentType = "application/x-ndjson";
            Line(context, json =>
            {
                json.WriteStartObject();
                Baton(json, baton);
                json.WriteEndObject();
            });
            await time.RunAsync(async cancellation =>
            {
                await stream.RunAsync(steps, stream.Sql, async entry =>
                {
                    Line(context, json => HranaJsonWriter.Entry(json, entry));
                    if (context.Response.BodyWriter.UnflushedBytes > 1 << 16)
                    {
                        await context.Response.BodyWriter.FlushAsync(cancellation);
                    }
                }, cancellation);
            });

            // The client has read to the end before it sends the baton back.
            streams.Keep(stream, baton);
            isKept = true;
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
        finally
        {
            if (!isKept)
            {
                await stream.DisposeAsync();
            }
        }
    });

    /// <summary>Carries out one request; its error is an answer, too.</summary>
    private static async Task<(HranaResponse?, HranaError?)> AnswerAsync(HranaStream stream, HranaRequest request, RequestTime time)
    {
        try
        {
            return (await time.RunAsync(cancellation => stream.AnswerAsync(request, stream.Sql, cancellation)), null);
        }
        catch (Exception error) when (error is SqliteException or DatabaseException or HranaException)
        {
            return (null, HranaErrors.From(error));
        }
    }

    private async Task<HranaStream> StreamAsync(HttpContext context, JsonElement body)
    {
        string database = HranaRoute.Database(context);
        string? baton = HranaJsonReader.FindText(body, "baton");
        string? token = AuthenticationHeaderValue.TryParse(context.Request.Headers.Authorization, out var sent)
            && "Bearer".Equals(sent.Scheme, StringComparison.OrdinalIgnoreCase) ? sent.Parameter : null;
        bool mayWrite = await access.MayWriteAsync(context, database, token);
        if (baton is null)
        {
            return streams.Open(database, mayWrite);
        }

        var stream = streams.Take(database, baton);
        if (mayWrite || !stream.MayWrite)
        {
            return stream;
        }

        await stream.DisposeAsync();
        throw new HranaException("FORBIDDEN", "The stream was opened by somebody who may write, and this token may not. It was closed.", StatusCodes.Status403Forbidden);
    }

    private static Task<JsonDocument> ReadAsync(HttpContext context, RequestTime time) =>
        time.RunAsync(cancellation => HranaJsonReader.ParseAsync(context.Request.Body, cancellation));

    private static void Baton(Utf8JsonWriter json, string? baton)
    {
        json.WriteString("baton", baton);
        json.WriteNull("base_url");
    }

    private static void Result(Utf8JsonWriter json, HranaResponse? response, HranaError? error)
    {
        json.WriteStartObject();
        json.WriteString("type", error is null ? "ok" : "error");
        json.WritePropertyName(error is null ? "response" : "error");
        if (error is null)
        {
            HranaJsonWriter.Response(json, response!);
        }
        else
        {
            HranaJsonWriter.Error(json, error);
        }

        json.WriteEndObject();
    }

    private static void Line(HttpContext context, Action<Utf8JsonWriter> write)
    {
        using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            write(json);
        }

        Answer.LineFeed(context);
    }

    /// <summary>Answers errors of the whole request as the protocol has them.</summary>
    private async Task GuardAsync(HttpContext context, Func<Task> answer)
    {
        try
        {
            await answer();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            ServerLog.CallerGone(logger, context.Request.Method, context.Request.Path);
        }
#pragma warning disable CA1031 // This is the place where every error becomes an answer.
        catch (Exception error)
#pragma warning restore CA1031
        {
            int status = HranaErrors.Status(error);
            var told = HranaErrors.From(error);
            if (status == StatusCodes.Status500InternalServerError)
            {
                ServerLog.Failed(logger, context.Request.Method, context.Request.Path, status, told.Code, error);
            }

            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            context.Response.Clear();
            context.Response.StatusCode = status;
            if (status == StatusCodes.Status401Unauthorized)
            {
                context.Response.Headers.WWWAuthenticate = "Bearer";
            }

            context.Response.ContentType = "application/json";
            await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
            HranaJsonWriter.Error(json, told);
        }
    }
}
