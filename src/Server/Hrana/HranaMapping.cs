using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Server.Hrana;

/// <summary>Where the protocol is served.</summary>
internal static class HranaMapping
{
    public static void AddHrana(this IServiceCollection services)
    {
        services.TryAddSingleton<HranaAccess>();
        services.TryAddSingleton<HranaStreams>();
        services.TryAddSingleton<HranaHttpEndpoints>();
        services.TryAddSingleton<HranaSocketEndpoint>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, SocketOnly.Policy>());
    }

    /// <summary>Maps it for databases by path and by host name.</summary>
    public static void MapHrana(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        var options = services.GetRequiredService<IOptions<OrleansSqliteServerOptions>>().Value;
        var http = services.GetRequiredService<HranaHttpEndpoints>();
        var sockets = endpoints.CreateApplicationBuilder();
        sockets.UseWebSockets();
        sockets.Run(services.GetRequiredService<HranaSocketEndpoint>().ServeAsync);
        var socket = sockets.Build();

        // OpenAPI does not describe it: the protocol has a text of its own.
        var protocol = endpoints.MapGroup("").ExcludeFromDescription().WithMetadata(new BodyLimit(options.RequestBytes));
        if (options.RequestsPerSecond > 0)
        {
            protocol.RequireRateLimiting(TokenRateLimit.Name);
        }

        foreach (string prefix in (string[])["", "/db/{database}"])
        {
            foreach (var dialect in HranaDialect.All)
            {
                string path = prefix + dialect.Path;
                protocol.MapGet(path, HranaHttpEndpoints.VersionAsync);
                protocol.MapPost(path + "/pipeline", context => http.PipelineAsync(context, dialect.Encoding));
                if (dialect.HasCursors)
                {
                    protocol.MapPost(path + "/cursor", context => http.CursorAsync(context, dialect.Encoding));
                }
            }

            protocol.MapGet(prefix + "/", socket).WithMetadata(new SocketOnly());
        }

        protocol.MapGet("/db/{database}", HranaHttpEndpoints.VersionAsync);
    }

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
