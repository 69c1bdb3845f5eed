using Microsoft.EntityFrameworkCore.Infrastructure;
using OrleansSqlite;
using OrleansSqlite.EntityFrameworkCore.Infrastructure;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Puts a context on a stored database.</summary>
public static class OrleansSqliteDbContextOptionsExtensions
{
    /// <summary>Uses a database of a store. All contexts of the process that name the same store share one engine, which lives until
    /// <see cref="OrleansSqliteConnection.CloseStoresAsync"/>.</summary>
    /// <param name="options">The options of the context.</param>
    /// <param name="storeUrl">The store: <c>s3://bucket/prefix</c>, <c>file:path</c> or <c>memory:</c>.</param>
    /// <param name="database">The database's name.</param>
    /// <param name="sqlite">The options of EF Core's SQLite provider, which all hold here.</param>
    public static DbContextOptionsBuilder UseOrleansSqlite(
        this DbContextOptionsBuilder options, string storeUrl, string database, Action<SqliteDbContextOptionsBuilder>? sqlite = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(storeUrl);
        ArgumentException.ThrowIfNullOrEmpty(database);
        var settings = new OrleansSqliteConnectionStringBuilder { Store = storeUrl, DataSource = database };
        return Use(options, null, settings.ConnectionString, sqlite);
    }

    /// <summary>Uses the database of a data source.</summary>
    /// <param name="options">The options of the context.</param>
    /// <param name="source">The data source, which stays the caller's.</param>
    /// <param name="sqlite">The options of EF Core's SQLite provider, which all hold here.</param>
    public static DbContextOptionsBuilder UseOrleansSqlite(
        this DbContextOptionsBuilder options, OrleansSqliteDataSource source, Action<SqliteDbContextOptionsBuilder>? sqlite = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Use(options, source, source.ConnectionString, sqlite);
    }

    /// <summary>Uses a database of an engine.</summary>
    /// <param name="options">The options of the context.</param>
    /// <param name="engine">The engine, which stays the caller's.</param>
    /// <param name="database">The database's name.</param>
    /// <param name="sqlite">The options of EF Core's SQLite provider, which all hold here.</param>
    public static DbContextOptionsBuilder UseOrleansSqlite(
        this DbContextOptionsBuilder options, DatabaseEngine engine, string database, Action<SqliteDbContextOptionsBuilder>? sqlite = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentException.ThrowIfNullOrEmpty(database);
        var settings = new OrleansSqliteConnectionStringBuilder { DataSource = database };

        // It owns nothing that would have to be disposed of: the engine is the caller's.
        return options.UseOrleansSqlite(OrleansSqliteDataSource.Create(engine, settings.ConnectionString), sqlite);
    }

    /// <inheritdoc cref="UseOrleansSqlite(DbContextOptionsBuilder, string, string, Action{SqliteDbContextOptionsBuilder})"/>
    public static DbContextOptionsBuilder<TContext> UseOrleansSqlite<TContext>(
        this DbContextOptionsBuilder<TContext> options, string storeUrl, string database, Action<SqliteDbContextOptionsBuilder>? sqlite = null)
        where TContext : DbContext => (DbContextOptionsBuilder<TContext>)((DbContextOptionsBuilder)options).UseOrleansSqlite(storeUrl, database, sqlite);

    /// <inheritdoc cref="UseOrleansSqlite(DbContextOptionsBuilder, OrleansSqliteDataSource, Action{SqliteDbContextOptionsBuilder})"/>
    public static DbContextOptionsBuilder<TContext> UseOrleansSqlite<TContext>(
        this DbContextOptionsBuilder<TContext> options, OrleansSqliteDataSource source, Action<SqliteDbContextOptionsBuilder>? sqlite = null)
        where TContext : DbContext => (DbContextOptionsBuilder<TContext>)((DbContextOptionsBuilder)options).UseOrleansSqlite(source, sqlite);

    /// <inheritdoc cref="UseOrleansSqlite(DbContextOptionsBuilder, DatabaseEngine, string, Action{SqliteDbContextOptionsBuilder})"/>
    public static DbContextOptionsBuilder<TContext> UseOrleansSqlite<TContext>(
        this DbContextOptionsBuilder<TContext> options, DatabaseEngine engine, string database, Action<SqliteDbContextOptionsBuilder>? sqlite = null)
        where TContext : DbContext => (DbContextOptionsBuilder<TContext>)((DbContextOptionsBuilder)options).UseOrleansSqlite(engine, database, sqlite);

    private static DbContextOptionsBuilder Use(
        DbContextOptionsBuilder options, OrleansSqliteDataSource? source, string connectionString, Action<SqliteDbContextOptionsBuilder>? sqlite)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.UseSqlite(connectionString, sqlite);
        ((IDbContextOptionsBuilderInfrastructure)options).AddOrUpdateExtension(new OrleansSqliteOptionsExtension(source));
        return options;
    }
}
