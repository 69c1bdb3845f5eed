using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansSqlite;
using OrleansSqlite.EntityFrameworkCore;
using OrleansSqlite.EntityFrameworkCore.Infrastructure;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts contexts on stored databases into a service collection.</summary>
public static class OrleansSqliteContextServiceCollectionExtensions
{
    /// <summary>Adds an <see cref="IOrleansSqliteDbContextFactory{TContext}"/> for the databases of a store. All of the process that
    /// name the same store share one engine, which lives until <see cref="OrleansSqliteConnection.CloseStoresAsync"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="storeUrl">The store: <c>s3://bucket/prefix</c>, <c>file:path</c> or <c>memory:</c>.</param>
    /// <param name="options">Says more of a context's options, if given.</param>
    /// <param name="sqlite">The options of EF Core's SQLite provider.</param>
    public static IServiceCollection AddOrleansSqliteDbContextFactory<TContext>(
        this IServiceCollection services,
        string storeUrl,
        Action<IServiceProvider, DbContextOptionsBuilder>? options = null,
        Action<SqliteDbContextOptionsBuilder>? sqlite = null)
        where TContext : DbContext
    {
        ArgumentException.ThrowIfNullOrEmpty(storeUrl);
        return Add<TContext>(services, (_, builder, database) => builder.UseOrleansSqlite(storeUrl, database, sqlite), options);
    }

    /// <summary>Adds an <see cref="IOrleansSqliteDbContextFactory{TContext}"/> for the databases of an engine.</summary>
    /// <param name="services">The services.</param>
    /// <param name="engine">Gives the engine, which stays the caller's.</param>
    /// <param name="options">Says more of a context's options, if given.</param>
    /// <param name="sqlite">The options of EF Core's SQLite provider.</param>
    public static IServiceCollection AddOrleansSqliteDbContextFactory<TContext>(
        this IServiceCollection services,
        Func<IServiceProvider, DatabaseEngine> engine,
        Action<IServiceProvider, DbContextOptionsBuilder>? options = null,
        Action<SqliteDbContextOptionsBuilder>? sqlite = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(engine);
        return Add<TContext>(services, (provider, builder, database) => builder.UseOrleansSqlite(engine(provider), database, sqlite), options);
    }

    private static IServiceCollection Add<TContext>(
        IServiceCollection services,
        Action<IServiceProvider, DbContextOptionsBuilder, string> use,
        Action<IServiceProvider, DbContextOptionsBuilder>? more)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<IOrleansSqliteDbContextFactory<TContext>>(provider => new DbContextPerDatabase<TContext>(
            provider,
            (builder, database) =>
            {
                use(provider, builder, database);
                more?.Invoke(provider, builder);
            }));
        return services;
    }
}
