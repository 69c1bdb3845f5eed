using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace OrleansSqlite.Server;

/// <summary>
/// Gives the description of the endpoints for programs. It is a file that is written by hand, like the pages for people: a generator would know
/// neither which statuses there are nor what they mean. Tests hold it against what is mapped and against the messages.
/// </summary>
internal static class OpenApiEndpoint
{
    private const string Prefix = "{prefix}";
    private static readonly Lazy<string> Document = new(Read);

    public static Task ShowAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers[HeaderNames.XContentTypeOptions] = "nosniff";

        // Where the app has mapped the endpoints: the paths of the document go on from there.
        var prefix = Answer.Address(context, above: 2);
        return context.Response.WriteAsync(
            Document.Value.Replace(Prefix, prefix.Length == 0 ? "/" : JsonEncodedText.Encode(prefix).ToString(), StringComparison.Ordinal), context.RequestAborted);
    }

    private static string Read()
    {
        using var stream = typeof(OpenApiEndpoint).Assembly.GetManifestResourceStream("openapi.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
