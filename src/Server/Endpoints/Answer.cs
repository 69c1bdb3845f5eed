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
        context.Response.Headers[HeaderNames.ETag] = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

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
}
