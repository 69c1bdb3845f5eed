using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace OrleansSqlite;

/// <summary>Puts stored databases into a service collection.</summary>
public static class OrleansSqliteServiceCollectionExtensions
{
    /// <summary>
    /// Adds an <see cref="OrleansSqliteDataSource"/> as a singleton, under that type and <see cref="DbDataSource"/>, and connections
    /// that are not opened yet, as <see cref="OrleansSqliteConnection"/> and <see cref="DbConnection"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="connectionString">The connection string.</param>
    /// <param name="configure">Does more to the builder, if given.</param>
    /// <param name="connectionLifetime">How long an injected connection lives.</param>
    /// <param name="serviceKey">A key, if there is to be more than one data source.</param>
    public static IServiceCollection AddOrleansSqliteDataSource(
        this IServiceCollection services,
        string connectionString,
        Action<IServiceProvider, OrleansSqliteDataSourceBuilder>? configure = null,
        ServiceLifetime connectionLifetime = ServiceLifetime.Transient,
        object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(connectionString);
        services.TryAdd(new ServiceDescriptor(typeof(OrleansSqliteDataSource), serviceKey, (provider, _) => Build(provider), ServiceLifetime.Singleton));
        services.TryAdd(new ServiceDescriptor(typeof(DbDataSource), serviceKey, (provider, key) => Source(provider, key), ServiceLifetime.Singleton));
        services.TryAdd(new ServiceDescriptor(typeof(OrleansSqliteConnection), serviceKey, (provider, key) => Source(provider, key).CreateConnection(), connectionLifetime));
        services.TryAdd(new ServiceDescriptor(typeof(DbConnection), serviceKey, (provider, key) => Connection(provider, key), connectionLifetime));
        return services;

        OrleansSqliteDataSource Build(IServiceProvider provider)
        {
            var builder = new OrleansSqliteDataSourceBuilder(connectionString).UseLoggerFactory(provider.GetService<ILoggerFactory>());
            configure?.Invoke(provider, builder);
            return builder.Build();
        }
    }

    private static OrleansSqliteDataSource Source(IServiceProvider provider, object? key) => provider.GetRequiredKeyedService<OrleansSqliteDataSource>(key);

    private static OrleansSqliteConnection Connection(IServiceProvider provider, object? key) => provider.GetRequiredKeyedService<OrleansSqliteConnection>(key);
}
