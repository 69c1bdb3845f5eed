using Microsoft.Extensions.Logging;

namespace OrleansSqlite;

/// <summary>Makes an <see cref="OrleansSqliteDataSource"/>.</summary>
public sealed class OrleansSqliteDataSourceBuilder
{
    private DatabaseEngine? engine;
    private ILoggerFactory? logs;
    private TimeProvider? time;
    private DatabaseOptions? options;

    /// <summary>Begins with a connection string.</summary>
    /// <exception cref="ArgumentException">A keyword or a value of it is not known, or can't be honoured.</exception>
    public OrleansSqliteDataSourceBuilder(string connectionString = "") => ConnectionStringBuilder = new(connectionString);

    /// <summary>The connection string, to be changed until the data source is built.</summary>
    public OrleansSqliteConnectionStringBuilder ConnectionStringBuilder { get; }

    /// <summary>Uses an engine that is open already, and stays the caller's: the way to several databases of one store.</summary>
    public OrleansSqliteDataSourceBuilder UseEngine(DatabaseEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        this.engine = engine;
        return this;
    }

    /// <summary>Settings for the data source's own engine.</summary>
    public OrleansSqliteDataSourceBuilder UseOptions(DatabaseOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        return this;
    }

    /// <summary>Where the data source's own engine logs to.</summary>
    public OrleansSqliteDataSourceBuilder UseLoggerFactory(ILoggerFactory? logs)
    {
        this.logs = logs;
        return this;
    }

    /// <summary>The clock of the data source's own engine.</summary>
    public OrleansSqliteDataSourceBuilder UseTimeProvider(TimeProvider? time)
    {
        this.time = time;
        return this;
    }

    /// <summary>Makes the data source. The store is asked when the first connection is opened.</summary>
    /// <exception cref="DatabaseException">Something needed is missing, or a setting is out of its range.</exception>
    public OrleansSqliteDataSource Build()
    {
        ConnectionStringBuilder.Check(needsStore: engine is null);
        string connectionString = ConnectionStringBuilder.ConnectionString;
        if (engine is { } given)
        {
            return options is null
                ? new OrleansSqliteDataSource(connectionString, () => Task.FromResult(given), ownsEngine: false)
                : throw new DatabaseException(ErrorKind.Invalid, ErrorCodes.BadArgument, "An engine that is open already has its options: give either of them.");
        }

        var (store, settings, factory, clock) = (ConnectionStringBuilder.Store, options ?? new DatabaseOptions(), logs, time);
        settings.Validate();
        return new OrleansSqliteDataSource(connectionString, () => DatabaseEngine.OpenAsync(store, settings, factory, clock), ownsEngine: true);
    }
}
