using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Client;

/// <summary>Puts the databases of a cluster into an app.</summary>
public static class OrleansSqliteClientExtensions
{
    /// <summary>
    /// Adds an <see cref="IDatabaseCatalog"/> over the grains of the cluster that the app is a client of (by <c>UseOrleansClient</c>), or a
    /// silo of: <c>catalog.Get("name")</c> is an <see cref="IDatabase"/>.
    /// </summary>
    public static IServiceCollection AddOrleansSqliteClient(this IServiceCollection services, Action<OrleansSqliteClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<OrleansSqliteClientOptions>().Configure(configure ?? (_ => { })).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<OrleansSqliteClientOptions>, OrleansSqliteClientOptionsCheck>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(Entropy.System);
        services.TryAddSingleton<DirectStore>();
        services.TryAddSingleton<Route>();
        services.TryAddSingleton<ClusterCall>();
        services.TryAddSingleton<IDatabaseCatalog, ClusterDatabases>();
        return services;
    }
}
