using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace OrleansSqlite.Server;

/// <summary>The console in the browser: its page, and the files that the page asks for.</summary>
internal sealed class ConsoleEndpoints(ConsoleAssets assets)
{
    /// <summary>Scripts, styles and requests of this server's own, and nothing else: no inline code, no other site, no frame around it.</summary>
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Whether a page is asked for: a browser says that it takes one, curl and clients don't.</summary>
    public static bool IsWanted(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(accepted => accepted.MediaType == "text/html" && accepted.Quality is null or > 0);

    public Task ShowAsync(HttpContext context)
    {
        var request = context.Request;
        var path = request.PathBase + request.Path;
        if (path.Value is not [.., '/'])
        {
            // What the page asks for is named relative to it, so that it works under any prefix; and a prefix ends with a slash.
            context.Response.Redirect(path.ToUriComponent() + "/" + request.QueryString.ToUriComponent());
            return Task.CompletedTask;
        }

        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        return SendAsync(context, assets.Find(ConsoleAssets.Index)!);
    }

    public Task AssetAsync(HttpContext context)
    {
        var asset = assets.Find((string)context.Request.RouteValues["asset"]!);
        if (asset is null or { Name: ConsoleAssets.Index })
        {
            // After an update an old page asks for old names; the answer must not stay in any cache.
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }

        return SendAsync(context, asset);
    }

    private static Task SendAsync(HttpContext context, ConsoleAsset asset)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = asset.IsImmutable ? "public, max-age=31536000, immutable" : "no-cache";
        headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        var compressed = context.Request.GetTypedHeaders().AcceptEncoding.Any(encoding => encoding.Value == "br" && encoding.Quality is null or > 0);
        if (compressed)
        {
            headers.ContentEncoding = "br";
        }

        // Bytes that differ, if only by their encoding, have another tag.
        var tag = compressed ? new EntityTagHeaderValue($"{asset.Tag.Tag.AsSpan()[..^1]}-br\"") : asset.Tag;
        return TypedResults.Bytes(compressed ? asset.Brotli : asset.Bytes, asset.ContentType, entityTag: tag).ExecuteAsync(context);
    }
}
