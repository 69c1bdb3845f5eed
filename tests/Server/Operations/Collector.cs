using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansSqlite.Tests;

/// <summary>Takes what is exported by OTLP over HTTP. In protobuf names stand as they are, so that they can be looked for; a character here is a byte.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<(string Path, string Body)> taken = [];

    private Collector(WebApplication app)
    {
        this.app = app;
        app.MapPost("/{**path}", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Assert.Equal("application/x-protobuf", context.Request.ContentType);
            taken.Enqueue((context.Request.Path, Encoding.Latin1.GetString(body.ToArray())));
            context.Response.ContentType = "application/x-protobuf";
        });
    }

    /// <summary>Where it listens.</summary>
    public string Address => app.Urls.Single();

    /// <summary>The paths at which something came.</summary>
    public IReadOnlyCollection<string> Paths => [.. taken.Select(one => one.Path).Distinct().Order()];

    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var collector = new Collector(builder.Build());
        await collector.app.StartAsync();
        return collector;
    }

    /// <summary>All that came at a path.</summary>
    public string At(string path) => string.Concat(taken.Where(one => one.Path == path).Select(one => one.Body));

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
