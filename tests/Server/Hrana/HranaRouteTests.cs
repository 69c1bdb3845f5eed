using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OrleansSqlite.Server;

namespace OrleansSqlite.Tests;

/// <summary>What holds for every address of the libSQL protocol, whatever its encoding is.</summary>
public sealed class HranaRouteTests
{
    [Fact]
    public async Task What_an_app_asks_for_by_itself_covers_both_protocols()
    {
        await using var engine = await DatabaseEngine.OpenAsync("memory:");
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IDatabaseCatalog>(engine);
        builder.Services.AddOrleansSqliteServer();
        await using var app = builder.Build();
        app.MapOrleansSqlite().RequireAuthorization();
        foreach (var endpoint in ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>())
        {
            string path = endpoint.RoutePattern.RawText!;
            bool isOpen = path is "/" or "/console/{asset}" or "/health/live" or "/health/ready" or "/v1/openapi.json" && endpoint.Metadata.GetMetadata<Server.Hrana.SocketOnly>() is null;
            Assert.True(isOpen == (endpoint.Metadata.GetMetadata<IAuthorizeData>() is null), $"{path} {isOpen}");
        }
    }

    [Fact]
    public async Task Every_address_has_the_limits_and_none_is_described()
    {
        await using var server = await TestServer.StartAsync(options => (options.RequestBytes, options.RequestsPerSecond) = (4096, 5));
        string[] paths = [.. new[] { "", "/db/{database}" }.SelectMany(prefix => new[]
        {
            "/v2", "/v2/pipeline", "/v3", "/v3/pipeline", "/v3/cursor", "/v3-protobuf", "/v3-protobuf/pipeline", "/v3-protobuf/cursor", "/",
        }.Select(path => prefix + path))];
        var found = server.Endpoints.Where(endpoint => paths.Contains(endpoint.RoutePattern.RawText) && endpoint.Metadata.GetMetadata<IRequestSizeLimitMetadata>() is not null).ToList();
        Assert.Equal(paths.Order(), found.Select(endpoint => endpoint.RoutePattern.RawText!).Order());
        foreach (var endpoint in found)
        {
            Assert.Equal(4096, endpoint.Metadata.GetMetadata<IRequestSizeLimitMetadata>()!.MaxRequestBodySize);
            Assert.NotNull(endpoint.Metadata.GetMetadata<EnableRateLimitingAttribute>());
            Assert.NotNull(endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>());
        }
    }
}
