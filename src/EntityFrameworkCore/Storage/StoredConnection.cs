// EF1001: SQLite's functions for decimals and the like are put on a connection by the provider's own class, which is not public.
#pragma warning disable EF1001
using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Sqlite.Infrastructure.Internal;
using Microsoft.EntityFrameworkCore.Sqlite.Storage.Internal;
using Microsoft.EntityFrameworkCore.Storage;
using OrleansSqlite.EntityFrameworkCore.Infrastructure;

namespace OrleansSqlite.EntityFrameworkCore.Storage;

/// <summary>A context's connection: EF Core's own for SQLite, over an <see cref="OrleansSqliteConnection"/>.</summary>
internal sealed class StoredConnection(
    RelationalConnectionDependencies dependencies,
    IRawSqlCommandBuilder commands,
    IDiagnosticsLogger<DbLoggerCategory.Infrastructure> logger) : SqliteRelationalConnection(dependencies, commands, logger)
{
    private readonly IRawSqlCommandBuilder commands = commands;
    private readonly IDiagnosticsLogger<DbLoggerCategory.Infrastructure> logger = logger;

    /// <summary>The newest version that was known before the newest transaction began: it ran on that one or a newer one.</summary>
    public long? RanOn { get; private set; }

    /// <summary>Whether foreign keys are not enforced for now, and are checked before COMMIT instead.</summary>
    public bool ForeignKeysRest { get; private set; }

    /// <summary>The connection to the store; null if the caller gave another one.</summary>
    public OrleansSqliteConnection? Stored => DbConnection as OrleansSqliteConnection;

    /// <summary>No transaction has run of what begins now.</summary>
    public void ForgetRun() => RanOn = null;

    /// <summary>Has the foreign keys of the connection rest. False if they do already.</summary>
    public bool TryRestForeignKeys()
    {
        if (ForeignKeysRest || Stored is null || !HasForeignKeys())
        {
            return false;
        }

        Set("PRAGMA foreign_keys = 0");
        return ForeignKeysRest = true;
    }

    /// <summary>Foreign keys are enforced again.</summary>
    public void WakeForeignKeys()
    {
        ForeignKeysRest = false;
        if (Stored is { State: ConnectionState.Open })
        {
            Set("PRAGMA foreign_keys = 1");
        }
    }

    /// <summary>Whether the connection enforces foreign keys now.</summary>
    public bool HasForeignKeys()
    {
        using var command = DbConnection.CreateCommand();
        command.CommandText = "PRAGMA foreign_keys";
        return command.ExecuteScalar() is 1L;
    }

    /// <inheritdoc/>
    public override ISqliteRelationalConnection CreateReadOnlyConnection() => new StoredConnection(Dependencies, commands, logger)
    {
        ConnectionString = new OrleansSqliteConnectionStringBuilder(GetValidatedConnectionString()) { Mode = Microsoft.Data.Sqlite.SqliteOpenMode.ReadOnly }.ConnectionString,
    };

    /// <inheritdoc/>
    protected override DbConnection CreateDbConnection()
    {
        var source = Dependencies.ContextOptions.FindExtension<OrleansSqliteOptionsExtension>()?.Source;
        var connection = source?.CreateConnection() ?? new OrleansSqliteConnection();
        connection.ConnectionString = GetValidatedConnectionString();

        // The provider's class puts its functions on a connection that it is given when it is made. One is made for that alone.
        var sqlite = (Dependencies.ContextOptions.FindExtension<SqliteOptionsExtension>() ?? new SqliteOptionsExtension()).WithConnection(connection);
        var options = new DbContextOptionsBuilder();
        ((IDbContextOptionsBuilderInfrastructure)options).AddOrUpdateExtension((SqliteOptionsExtension)sqlite);
        return new SqliteRelationalConnection(Dependencies with { ContextOptions = options.Options }, commands, logger).DbConnection;
    }

    /// <inheritdoc/>
    protected override DbTransaction ConnectionBeginTransaction(IsolationLevel isolationLevel)
    {
        RanOn = Stored?.KnownVersion;
        return base.ConnectionBeginTransaction(isolationLevel);
    }

    /// <inheritdoc/>
    protected override ValueTask<DbTransaction> ConnectionBeginTransactionAsync(IsolationLevel isolationLevel, CancellationToken cancellationToken = default)
    {
        RanOn = Stored?.KnownVersion;
        return base.ConnectionBeginTransactionAsync(isolationLevel, cancellationToken);
    }

    private void Set(string pragma)
    {
        using var command = DbConnection.CreateCommand();
        command.CommandText = pragma;
        command.ExecuteNonQuery();
    }
}
