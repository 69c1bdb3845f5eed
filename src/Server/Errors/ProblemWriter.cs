using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace OrleansSqlite.Server;

/// <summary>Runs an endpoint, and turns every error of it into problem details.</summary>
internal sealed class ProblemWriter(ILogger<ProblemWriter> logger)
{
    private const string MediaType = "application/problem+json";

    /// <summary>The endpoint with its errors answered.</summary>
    public RequestDelegate Guard(RequestDelegate endpoint) => async context =>
    {
        try
        {
            await endpoint(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone, so nobody reads an answer.
            ServerLog.CallerGone(logger, context.Request.Method, context.Request.Path);
        }
#pragma warning disable CA1031 // This is the place where every error becomes an answer.
        catch (Exception error)
#pragma warning restore CA1031
        {
            var problem = From(error);
            Log(context, error, problem);
            if (context.Response.HasStarted)
            {
                // Half of the rows are out under a 200. Breaking the connection is the only way left to say that they are not all.
                context.Abort();
                return;
            }

            await WriteAsync(context, problem);
        }
    };

    /// <summary>Answers before any endpoint was asked.</summary>
    public Task RefuseAsync(HttpContext context, RequestException error, (string Name, string Value)? header = null)
    {
        var problem = From(error);
        Log(context, error, problem);
        return WriteAsync(context, problem, header);
    }

    private static Problem From(Exception error) => error switch
    {
        DatabaseException it => new(
            Title(ErrorStatus.Of(it)), ErrorStatus.Of(it), it.Message, it.Kind.ToString(), it.Code, it.Database, it.Version, it.Object,
            it.Statement, it.SqliteCode == 0 ? null : it.SqliteCode, it.IsTransient, it.OutcomeKnown),
        RequestException { Status: StatusCodes.Status429TooManyRequests } it =>
            new(Title(it.Status), it.Status, it.Message, nameof(ErrorKind.Overloaded), it.Code, Transient: true),
        RequestException it => Invalid(it.Status, it.Code, it.Message),
        JsonException it => Invalid(StatusCodes.Status400BadRequest, ErrorCodes.BadArgument, MalformedException.Describe(it)),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Invalid(
            StatusCodes.Status413PayloadTooLarge, ErrorCodes.LimitExceeded, "The body is too large for this server. Split it into several requests."),
        BadHttpRequestException it => Invalid(it.StatusCode, ErrorCodes.BadArgument, it.Message),
        // What is in an unforeseen error is for the log of the operator, not for the caller.
        _ => new(
            Title(StatusCodes.Status500InternalServerError), StatusCodes.Status500InternalServerError,
            "The server failed in a way that it does not know. Its log has the error; please report it.",
            nameof(ErrorKind.Internal), ErrorCodes.Invariant, OutcomeKnown: false),
    };

    private static Problem Invalid(int status, string code, string detail) =>
        new(Title(status), status, detail, nameof(ErrorKind.Invalid), code);

    private static string Title(int status) => ReasonPhrases.GetReasonPhrase(status);

    private static async Task WriteAsync(HttpContext context, Problem problem, (string Name, string Value)? header = null)
    {
        var response = context.Response;
        Clear(response);
        if (header is { } more)
        {
            response.Headers[more.Name] = more.Value;
        }

        response.StatusCode = problem.Status;
        response.ContentType = MediaType;
        response.Headers[HeaderNames.CacheControl] = "no-store";
        if (problem.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            response.Headers[HeaderNames.RetryAfter] = "1";
        }

        await Answer.JsonAsync(context, problem, WireJson.Default.Problem);
    }

    /// <summary>Takes back what an answer would have had, but for what tells a browser whether its page may read the error.</summary>
    private static void Clear(HttpResponse response)
    {
        var forBrowsers = response.Headers.Where(header =>
            header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase) || header.Key.Equals(HeaderNames.Vary, StringComparison.OrdinalIgnoreCase)).ToList();
        response.Clear();
        foreach (var (name, value) in forBrowsers)
        {
            response.Headers[name] = value;
        }
    }

    private void Log(HttpContext context, Exception error, Problem problem)
    {
        var (method, path) = (context.Request.Method, context.Request.Path);
        if (problem.Status >= StatusCodes.Status500InternalServerError && problem.Status != StatusCodes.Status503ServiceUnavailable)
        {
            ServerLog.Failed(logger, method, path, problem.Status, problem.Code, error);
        }
        else if (problem.Transient)
        {
            ServerLog.Transient(logger, method, path, problem.Status, problem.Code, problem.Detail);
        }
        else
        {
            ServerLog.Refused(logger, method, path, problem.Status, problem.Code);
        }
    }
}
