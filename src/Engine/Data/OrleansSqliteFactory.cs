using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite;

/// <summary>The provider, for code that knows ADO.NET only: register it with <see cref="DbProviderFactories"/>.</summary>
public sealed class OrleansSqliteFactory : DbProviderFactory
{
    /// <summary>The one instance.</summary>
    public static readonly OrleansSqliteFactory Instance = new();

    private OrleansSqliteFactory()
    {
    }

    /// <inheritdoc/>
    public override bool CanCreateBatch => true;

    /// <inheritdoc/>
    public override DbConnection CreateConnection() => new OrleansSqliteConnection();

    /// <inheritdoc/>
    public override DbCommand CreateCommand() => new OrleansSqliteCommand();

    /// <inheritdoc/>
    public override DbParameter CreateParameter() => new SqliteParameter();

    /// <inheritdoc/>
    public override DbConnectionStringBuilder CreateConnectionStringBuilder() => new OrleansSqliteConnectionStringBuilder();

    /// <inheritdoc/>
    public override DbDataSource CreateDataSource(string connectionString) => OrleansSqliteDataSource.Create(connectionString);

    /// <inheritdoc/>
    public override DbBatch CreateBatch() => new OrleansSqliteBatch();

    /// <inheritdoc/>
    public override DbBatchCommand CreateBatchCommand() => new OrleansSqliteBatchCommand();
}
