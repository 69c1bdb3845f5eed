using System.Buffers;
using System.Net.Http.Headers;
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

    public Task PipelineAsync(HttpContext context, IHranaEncoding encoding) => GuardAsync(context, encoding, async () =>
    {
        using var time = clock.Start(context);
        bool mayWrite = await MayWriteAsync(context);
        var (sent, requests) = await time.RunAsync(cancellation => encoding.ReadPipelineAsync(context.Request.Body, cancellation));
        if (requests.Count > options.Value.BatchSteps)
        {
            throw new HranaException("BATCH_TOO_LARGE", $"The pipeline has {requests.Count} requests; this server takes up to {options.Value.BatchSteps}. Split it.");
        }

        var stream = await StreamAsync(context, sent, mayWrite);
        bool isKept = false;
        try
        {
            stream.AnswerBytes = 0;
            List<HranaResult> results = [];
            foreach (var request in requests)
            {
                results.Add(await AnswerAsync(stream, request, time));
            }

            string? baton = requests.Any(request => request is HranaRequest.Close) ? null : HranaStreams.NewBaton();
            context.Response.ContentType = encoding.MediaType;
            encoding.WritePipeline(context.Response.BodyWriter, new PipelineAnswer(baton, results));
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

    public Task CursorAsync(HttpContext context, IHranaEncoding encoding) => GuardAsync(context, encoding, async () =>
    {
        using var time = clock.Start(context);
        bool mayWrite = await MayWriteAsync(context);
        var (sent, steps) = await time.RunAsync(cancellation => encoding.ReadCursorAsync(context.Request.Body, cancellation));
        var stream = await StreamAsync(context, sent, mayWrite);
        bool isKept = false;
        try
        {
            string baton = HranaStreams.NewBaton();
            context.Response.ContentType = encoding.CursorMediaType;

            // What the response has been given can't be taken back: an error before the first of it is sent is answered by itself.
            var unsent = new ArrayBufferWriter<byte>();
            encoding.WriteCursor(unsent, baton);
            await time.RunAsync(async cancellation =>
            {
                await stream.GiveAsync(steps, stream.Sql, async entry =>
                {
                    encoding.WriteEntry(unsent, entry);
                    if (unsent.WrittenCount > 1 << 16)
                    {
                        await context.Response.BodyWriter.WriteAsync(unsent.WrittenMemory, cancellation);
                        unsent.ResetWrittenCount();
                    }
                }, cancellation);
            });

            // The client has read to the end before it sends the baton back.
            streams.Keep(stream, baton);
            isKept = true;
            await context.Response.BodyWriter.WriteAsync(unsent.WrittenMemory, context.RequestAborted);
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
    private static async Task<HranaResult> AnswerAsync(HranaStream stream, HranaRequest request, RequestTime time)
    {
        try
        {
            return new(await time.RunAsync(cancellation => stream.AnswerAsync(request, stream.Sql, cancellation)), null);
        }
        catch (Exception error) when (error is SqliteException or DatabaseException or HranaException)
        {
            return new(null, HranaErrors.From(error));
        }
    }

    /// <summary>Asked before the body is read: who is let in to nothing makes the server hold nothing.</summary>
    private Task<bool> MayWriteAsync(HttpContext context)
    {
        string? token = AuthenticationHeaderValue.TryParse(context.Request.Headers.Authorization, out var sent)
            && "Bearer".Equals(sent.Scheme, StringComparison.OrdinalIgnoreCase) ? sent.Parameter : null;
        return access.MayWriteAsync(context, HranaRoute.Database(context), token);
    }

    private async Task<HranaStream> StreamAsync(HttpContext context, string? baton, bool mayWrite)
    {
        string database = HranaRoute.Database(context);
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

    /// <summary>Answers errors of the whole request as the protocol has them.</summary>
    private async Task GuardAsync(HttpContext context, IHranaEncoding encoding, Func<Task> answer)
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

            context.Response.ContentType = encoding.MediaType;
            encoding.WriteError(context.Response.BodyWriter, told);
        }
    }
}
