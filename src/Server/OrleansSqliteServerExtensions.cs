using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansSqlite.Server.Hrana;

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
        services.TryAddSingleton<TokenCheck>();
        services.TryAddSingleton<DatabaseAccess>();

        // What AddAuthentication adds, less the data protection: tokens need none of its keys, for which it looks for a folder to write to.
        services.AddAuthenticationCore(authentication => authentication.DefaultScheme = BearerHandler.Name);
        services.AddWebEncoders();
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, BearerHandler>(BearerHandler.Name, null);
        services.AddAuthorization();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAuthorizationHandler, RightHandler>());
        services.AddCors();
        services.AddRateLimiter(limiter => limiter.AddPolicy<string, TokenRateLimit>(TokenRateLimit.Name));
        services.TryAddSingleton<RequestClock>();
        services.TryAddSingleton<ProblemWriter>();
        services.TryAddSingleton<ConsoleAssets>();
        services.TryAddSingleton<ConsoleEndpoints>();
        services.TryAddSingleton<FrontPage>();
        services.TryAddSingleton<HealthEndpoints>();
        services.TryAddSingleton<MetricsEndpoint>();
        services.TryAddSingleton<DatabaseEndpoints>();
        services.TryAddSingleton<StatementEndpoints>();
        services.TryAddSingleton<HistoryEndpoints>();
        services.TryAddSingleton<ChangesEndpoint>();
        services.TryAddSingleton<MaintenanceEndpoints>();
        services.TryAddSingleton<FileEndpoints>();
        services.AddHrana();
        return services;
    }

    /// <summary>
    /// Maps the console at <c>/</c>, the libSQL protocol under <c>/db/{database}</c> (and, for databases named by the host, at the root), <c>/health/live</c>,
    /// <c>/health/ready</c>, <c>/metrics</c>, <c>/v1/openapi.json</c>, and the databases under <c>/v1/databases</c>.
    /// What is returned covers the databases, by either protocol, and the metrics, so that an app can ask for authorization there and leave the rest open.
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
        var history = services.GetRequiredService<HistoryEndpoints>();
        var changes = services.GetRequiredService<ChangesEndpoint>();
        var maintenance = services.GetRequiredService<MaintenanceEndpoints>();
        var files = services.GetRequiredService<FileEndpoints>();

        var access = services.GetRequiredService<DatabaseAccess>();
        var options = services.GetRequiredService<IOptions<OrleansSqliteServerOptions>>().Value;
        endpoints.MapGet("/", services.GetRequiredService<FrontPage>().ShowAsync);
        endpoints.MapGet("/console/{asset}", services.GetRequiredService<ConsoleEndpoints>().AssetAsync).ExcludeFromDescription();
        endpoints.MapGet("/health/live", HealthEndpoints.LiveAsync);
        endpoints.MapGet("/health/ready", guard.Guard(health.ReadyAsync));
        endpoints.MapGet("/v1/openapi.json", OpenApiEndpoint.ShowAsync);

        var all = endpoints.MapGroup("");
        all.MapHrana();
        all.MapGet("/metrics", services.GetRequiredService<MetricsEndpoint>().ShowAsync).Wants(DatabaseRight.Read, access).ExcludeFromDescription();
        var group = all.MapGroup("/v1/databases");
        group.WithMetadata(new BodyLimit(options.RequestBytes));
        if (options.RequestsPerSecond > 0)
        {
            group.RequireRateLimiting(TokenRateLimit.Name);
        }

        Map("GET", "", DatabaseRight.Read, databases.ListAsync);
        Map("PUT", "/{database}", DatabaseRight.Admin, databases.CreateAsync);
        Map("GET", "/{database}", DatabaseRight.Read, databases.DescribeAsync);
        Map("DELETE", "/{database}", DatabaseRight.Admin, databases.DeleteAsync);
        Map("POST", "/{database}/execute", DatabaseRight.Write, statements.ExecuteAsync);
        Map("POST", "/{database}/query", DatabaseRight.Read, statements.QueryAsync);
        Map("GET", "/{database}/query", DatabaseRight.Read, statements.GetAsync);
        Map("GET", "/{database}/schema", DatabaseRight.Read, statements.SchemaAsync);
        Map("GET", "/{database}/history", DatabaseRight.Read, history.ListAsync);
        Map("GET", "/{database}/changes", DatabaseRight.Read, changes.StreamAsync);
        Map("POST", "/{database}/restore", DatabaseRight.Admin, history.RestoreAsync);
        Map("GET", "/{database}/snapshots", DatabaseRight.Read, history.ListSnapshotsAsync);
        Map("POST", "/{database}/snapshots", DatabaseRight.Admin, history.CreateSnapshotAsync);
        Map("DELETE", "/{database}/snapshots/{snapshot}", DatabaseRight.Admin, history.DropSnapshotAsync);
        Map("POST", "/{database}/fork", DatabaseRight.Admin, history.ForkAsync);
        Map("PUT", "/{database}/retention", DatabaseRight.Admin, history.SetRetentionAsync);
        Map("POST", "/{database}/collect", DatabaseRight.Admin, maintenance.CollectAsync);
        Map("POST", "/{database}/compact", DatabaseRight.Admin, maintenance.CompactAsync);
        Map("GET", "/{database}/file", DatabaseRight.Read, files.ExportAsync);

        // An upload has a limit of its own, and is refused in words that fit it.
        Map("PUT", "/{database}/file", DatabaseRight.Admin, files.ImportAsync).WithMetadata(new BodyLimit(null));
        return all;

        IEndpointConventionBuilder Map(string method, string path, DatabaseRight right, RequestDelegate endpoint) =>
            group.MapMethods(path, [method], guard.Guard(endpoint)).Wants(right, access);
    }

    /// <summary>
    /// Puts before the endpoints what they ask for: origins that may call from web pages, tokens, and limits on how often each may call.
    /// An app of its own that has these parts already leaves this out.
    /// </summary>
    public static IApplicationBuilder UseOrleansSqliteServer(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var origins = app.ApplicationServices.GetRequiredService<IOptions<OrleansSqliteServerOptions>>().Value.Origins;
        if (origins.Count > 0)
        {
            app.UseCors(policy => policy
                .WithOrigins([.. origins])
                .WithMethods("GET", "PUT", "POST", "DELETE")
                .WithHeaders("Authorization", "Content-Type", "Accept", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID")
                .WithExposedHeaders("ETag", "Location", "Retry-After"));
        }

        // Who guesses at tokens is slowed down, too: the limit stands before the refusal.
        return app.UseAuthentication().UseRateLimiter().UseAuthorization();
    }

    /// <summary>The server refuses a longer body with 413 while it is being read.</summary>
    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
