using System.Data.Common;

namespace OrleansSqlite;

/// <summary>
/// Hands out connections to one stored database. One for each database and process is enough; it may be used by all threads.
/// Connections are not pooled: opening one costs about as much as a query, and each begins with nothing left over from another.
/// </summary>
public sealed class OrleansSqliteDataSource : DbDataSource
{
    private readonly Lock gate = new();
    private readonly Func<Task<DatabaseEngine>> open;
    private readonly bool ownsEngine;
    private Task<DatabaseEngine>? engine;
    private bool disposed;

    internal OrleansSqliteDataSource(string connectionString, Func<Task<DatabaseEngine>> open, bool ownsEngine)
    {
        ConnectionString = connectionString;
        this.open = open;
        this.ownsEngine = ownsEngine;
    }

    /// <inheritdoc/>
    public override string ConnectionString { get; }

    /// <summary>Makes a data source from a connection string, with an engine of its own.</summary>
    public static OrleansSqliteDataSource Create(string connectionString) => new OrleansSqliteDataSourceBuilder(connectionString).Build();

    /// <summary>Makes a data source for a database of an engine, which stays the caller's.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="connectionString">The database and its settings: <c>Data Source=shop</c>.</param>
    public static OrleansSqliteDataSource Create(DatabaseEngine engine, string connectionString) =>
        new OrleansSqliteDataSourceBuilder(connectionString).UseEngine(engine).Build();

    /// <summary>A connection, not yet opened.</summary>
    public new OrleansSqliteConnection CreateConnection()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return new OrleansSqliteConnection(EngineAsync, ConnectionString);
    }

    /// <summary>An open connection.</summary>
    public new OrleansSqliteConnection OpenConnection()
    {
        var connection = CreateConnection();
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>An open connection.</summary>
    public new async ValueTask<OrleansSqliteConnection> OpenConnectionAsync(CancellationToken cancellationToken = default)
    {
        var connection = CreateConnection();
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    protected override DbConnection CreateDbConnection() => CreateConnection();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Task.Run(async () => await DisposeAsyncCore().ConfigureAwait(false)).GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override async ValueTask DisposeAsyncCore()
    {
        Task<DatabaseEngine>? opened;
        lock (gate)
        {
            disposed = true;
            opened = ownsEngine ? engine : null;
            engine = null;
        }

        if (opened is { IsFaulted: false })
        {
            var own = await opened.ConfigureAwait(false);
            await own.DisposeAsync().ConfigureAwait(false);
        }

        await base.DisposeAsyncCore().ConfigureAwait(false);
    }

    /// <summary>The engine, opened by the first connection. One that could not be opened is tried again.</summary>
    private Task<DatabaseEngine> EngineAsync()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return engine = engine is null or { IsFaulted: true } ? open() : engine;
        }
    }
}
