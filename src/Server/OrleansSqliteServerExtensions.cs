using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Server;

/// <summary>Puts the databases of a store behind HTTP, in any ASP.NET Core app.</summary>
public static class OrleansSqliteServerExtensions
{
    /// <summary>
    /// Adds what <see cref="MapOrleansSqlite"/> needs. The app registers an <see cref="IDatabaseCatalog"/> of its own choice beside it,
    /// an opened <c>DatabaseEngine</c> for one.
    /// </summary>
    public static IServiceCollection AddOrleansSqliteServer(
        this IServiceCollection services, Action<OrleansSqliteServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<OrleansSqliteServerOptions>().Configure(configure ?? (_ => { })).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<OrleansSqliteServerOptions>, OrleansSqliteServerOptionsCheck>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<RequestClock>();
        services.TryAddSingleton<ProblemWriter>();
        services.TryAddSingleton<FrontPage>();
        services.TryAddSingleton<HealthEndpoints>();
        services.TryAddSingleton<DatabaseEndpoints>();
        services.TryAddSingleton<StatementEndpoints>();
        return services;
    }

    /// <summary>
    /// Maps the front page at <c>/</c>, <c>/health/live</c>, <c>/health/ready</c>, and the databases under <c>/v1/databases</c>.
    /// What is returned covers the databases alone, so that an app can ask for authorization there and leave the health checks open.
    /// </summary>
    /// <param name="endpoints">Where to map; a group, if they should live under a prefix.</param>
    public static IEndpointConventionBuilder MapOrleansSqlite(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var services = endpoints.ServiceProvider;
        var guard = services.GetRequiredService<ProblemWriter>();
        var health = services.GetRequiredService<HealthEndpoints>();
        var databases = services.GetRequiredService<DatabaseEndpoints>();
        var statements = services.GetRequiredService<StatementEndpoints>();

        endpoints.MapGet("/", services.GetRequiredService<FrontPage>().ShowAsync);
        endpoints.MapGet("/health/live", HealthEndpoints.LiveAsync);
        endpoints.MapGet("/health/ready", guard.Guard(health.ReadyAsync));

        var group = endpoints.MapGroup("/v1/databases");
        group.WithMetadata(new BodyLimit(services.GetRequiredService<IOptions<OrleansSqliteServerOptions>>().Value.RequestBytes));
        group.MapGet("", guard.Guard(databases.ListAsync));
        group.MapPut("/{database}", guard.Guard(databases.CreateAsync));
        group.MapGet("/{database}", guard.Guard(databases.DescribeAsync));
        group.MapDelete("/{database}", guard.Guard(databases.DeleteAsync));
        group.MapPost("/{database}/execute", guard.Guard(statements.ExecuteAsync));
        group.MapPost("/{database}/query", guard.Guard(statements.QueryAsync));
        return group;
    }

    /// <summary>The server refuses a longer body with 413 while it is being read.</summary>
    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
