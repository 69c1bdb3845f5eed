using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace OrleansSqlite.Server;

/// <summary>Reads what a request carries beside its path.</summary>
internal static class RequestReading
{
    private const string IdempotencyKey = "Idempotency-Key";

    /// <summary>The body.</summary>
    /// <exception cref="RequestException">It is not declared as JSON.</exception>
    /// <exception cref="JsonException">It is malformed.</exception>
    public static async Task<T> BodyAsync<T>(HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        // This is also what keeps a foreign web page from posting SQL: with this type, a browser asks for permission first.
        if (!request.HasJsonContentType())
        {
            throw new RequestException(
                StatusCodes.Status415UnsupportedMediaType, ErrorCodes.BadArgument,
                "The body must be JSON and say so. Add the header Content-Type: application/json.");
        }

        return await JsonSerializer.DeserializeAsync(request.Body, type, cancellation)
            ?? throw new MalformedException("an object is expected, not null.");
    }

    /// <summary>The version in If-Match, if there is one.</summary>
    /// <exception cref="RequestException">It is no version.</exception>
    public static long? ExpectedVersion(HttpRequest request)
    {
        var header = request.Headers.IfMatch;
        // "*" asks that the database exists, which every write asks anyway.
        if (header.Count == 0 || (header.Count == 1 && header[0] is "*"))
        {
            return null;
        }

        return header.Count == 1
            && EntityTagHeaderValue.TryParse(header[0], out var tag)
            && !tag.IsWeak
            && long.TryParse(tag.Tag.AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw Bad("If-Match takes one version in double quotes, as the ETag of an answer has it: If-Match: \"12\".");
    }

    /// <summary>Refuses If-Match where it has no meaning: a condition must not be dropped in silence.</summary>
    /// <exception cref="RequestException">It is there.</exception>
    public static void NoExpectedVersion(HttpRequest request)
    {
        if (request.Headers.IfMatch.Count > 0)
        {
            throw Bad("If-Match is understood by execute only. Leave it out here.");
        }
    }

    /// <summary>The operation id, from the header or the body.</summary>
    /// <exception cref="RequestException">Both are there and differ.</exception>
    public static string? OperationId(HttpRequest request, string? inBody)
    {
        var header = request.Headers[IdempotencyKey];
        if (header.Count == 0)
        {
            return inBody;
        }

        // The header's standard writes the key in double quotes; most callers leave them out.
        var key = header.Count == 1 ? header[0]!.Trim() : throw Bad($"{IdempotencyKey} is given more than once.");
        if (key.Length >= 2 && key[0] == '"' && key[^1] == '"')
        {
            key = key[1..^1];
        }

        return inBody is null || inBody == key
            ? key
            : throw Bad($"{IdempotencyKey} and operationId differ. Give one of them.");
    }

    /// <summary>Refuses If-None-Match where no answer is kept, so that it is not taken for having held.</summary>
    /// <exception cref="RequestException">It is there.</exception>
    public static void NoKnownVersion(HttpRequest request)
    {
        if (request.Headers.IfNoneMatch.Count > 0)
        {
            throw Bad("If-None-Match is understood where an answer can be kept: by GET. Ask with GET …/query, or leave it out.");
        }
    }

    /// <summary>What the caller has to mend.</summary>
    public static RequestException Bad(string message) => new(StatusCodes.Status400BadRequest, ErrorCodes.BadArgument, message);
}
