using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansSqlite.Server;

namespace OrleansSqlite.Tests;

/// <summary>The endpoints on a real Kestrel on a free port, over any catalog.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly IAsyncDisposable? engine;

    private TestServer(WebApplication app, IAsyncDisposable? engine)
    {
        this.app = app;
        this.engine = engine;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Client { get; }

    /// <summary>What is mapped.</summary>
    public IEnumerable<RouteEndpoint> Endpoints => ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();

    /// <summary>Serves a new store in memory.</summary>
    public static async Task<TestServer> StartAsync(Action<OrleansSqliteServerOptions>? configure = null)
    {
        var engine = await DatabaseEngine.OpenAsync("memory:");
        return await StartAsync(engine, configure, engine: engine);
    }

    /// <summary>Serves a catalog.</summary>
    public static async Task<TestServer> StartAsync(
        IDatabaseCatalog catalog, Action<OrleansSqliteServerOptions>? configure = null, string prefix = "", IAsyncDisposable? engine = null, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(catalog);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddOrleansSqliteServer(configure);
        var app = builder.Build();
        app.UseOrleansSqliteServer();
        app.MapGroup(prefix).MapOrleansSqlite();
        await app.StartAsync();
        return new TestServer(app, engine);
    }

    /// <summary>Sends JSON and gives the answer's status, headers and JSON.</summary>
    public Task<Reply> SendAsync(HttpMethod method, string path, string? json = null, params (string Name, string Value)[] headers) =>
        SendBodyAsync(method, path, json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"), headers);

    /// <summary>Sends anything, and gives the answer.</summary>
    public async Task<Reply> SendBodyAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Client.SendAsync(request);
        return await Reply.FromAsync(response);
    }

    public Task<Reply> PutAsync(string database) => SendAsync(HttpMethod.Put, $"/v1/databases/{database}");

    public Task<Reply> ExecuteAsync(string database, string body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, $"/v1/databases/{database}/execute", body, headers);

    public Task<Reply> QueryAsync(string database, string body) =>
        SendAsync(HttpMethod.Post, $"/v1/databases/{database}/query", body);

    /// <summary>A database with this schema, made through the endpoints.</summary>
    public async Task CreateAsync(string database, string? schema = null)
    {
        Assert.Equal(201, (await PutAsync(database)).Status);
        if (schema is not null)
        {
            Assert.Equal(200, (await ExecuteAsync(database, JsonSerializer.Serialize(new { statements = new[] { schema } }))).Status);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
        if (engine is not null)
        {
            await engine.DisposeAsync();
        }
    }
}

/// <summary>An answer as a client sees it.</summary>
internal sealed record Reply(int Status, string? MediaType, string? ETag, IReadOnlyDictionary<string, string> Headers, string Text)
{
    /// <summary>The body as it came.</summary>
    public byte[] Bytes { get; init; } = [];

    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public static async Task<Reply> FromAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode,
        response.Content.Headers.ContentType?.MediaType,
        response.Headers.ETag?.Tag,
        response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase),
        await response.Content.ReadAsStringAsync())
    {
        Bytes = await response.Content.ReadAsByteArrayAsync(),
    };

    /// <summary>Asserts an error as RFC 9457 and this library have it.</summary>
    public JsonElement Problem(int status, string kind, string code)
    {
        Assert.True(Status == status, $"{Status}: {Text}");
        Assert.Equal("application/problem+json", MediaType);
        var problem = Json;
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal(kind, problem.GetProperty("kind").GetString());
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        return problem;
    }
}
