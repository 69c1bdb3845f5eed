using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace OrleansSqlite.Server;

/// <summary>The parts that all answers share.</summary>
internal static class Answer
{
    /// <summary>The database's version as the answer's ETag.</summary>
    public static void Version(HttpContext context, long version) =>
        context.Response.Headers[HeaderNames.ETag] = Tag(version);

    /// <summary>
    /// The version as the answer's ETag; and if the caller has the answer of that version, 304 in its place. A caller may have another database's,
    /// if one was deleted and created anew under its name: versions begin anew with it.
    /// </summary>
    /// <returns>Whether the caller has it: then nothing more is to be sent.</returns>
    public static bool IsUnchanged(HttpContext context, long version)
    {
        Version(context, version);

        // Whoever keeps the answer asks again before it is used: nothing says for how long it holds.
        context.Response.Headers.CacheControl = "no-cache";
        var tags = context.Request.GetTypedHeaders().IfNoneMatch;
        if (!tags.Any(tag => tag.Tag == "*" || tag.Tag == Tag(version)))
        {
            return false;
        }

        context.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }

    /// <summary>The address of the request, or of what stands so many parts of the path above it.</summary>
    public static string Address(HttpContext context, int above = 0)
    {
        var path = (context.Request.PathBase + context.Request.Path).ToUriComponent().TrimEnd('/');
        for (; above > 0; above--)
        {
            path = path[..path.LastIndexOf('/')];
        }

        return path;
    }

    /// <summary>Answers with a message, and a line feed for those who read it in a terminal.</summary>
    public static async Task JsonAsync<T>(HttpContext context, T message, JsonTypeInfo<T> type)
    {
        Headers(context);
        var body = context.Response.BodyWriter;
        await using (var writer = new Utf8JsonWriter(body, ResultJson.Writer))
        {
            JsonSerializer.Serialize(writer, message, type);
        }

        LineFeed(context);
        await body.FlushAsync(context.RequestAborted);
    }

    /// <summary>The headers of every JSON answer.</summary>
    public static void Headers(HttpContext context)
    {
        context.Response.ContentType ??= "application/json; charset=utf-8";
        // A browser that is led here must not take rows for a page.
        context.Response.Headers[HeaderNames.XContentTypeOptions] = "nosniff";
    }

    /// <summary>Ends the last line.</summary>
    public static void LineFeed(HttpContext context)
    {
        var body = context.Response.BodyWriter;
        body.GetSpan(1)[0] = (byte)'\n';
        body.Advance(1);
    }

    private static string Tag(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");
}
