using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Sqlite.Storage.Internal;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Microsoft.Extensions.DependencyInjection;
using OrleansSqlite.EntityFrameworkCore.Migrations;
using OrleansSqlite.EntityFrameworkCore.Storage;

namespace OrleansSqlite.EntityFrameworkCore.Infrastructure;

/// <summary>
/// Stands beside EF Core's own SQLite extension, which stays the provider, and puts this library's services in the place of those
/// that know files and locks.
/// </summary>
/// <param name="source">Where connections come from; null if the connection string names the store.</param>
internal sealed class OrleansSqliteOptionsExtension(OrleansSqliteDataSource? source) : IDbContextOptionsExtension
{
    private ExtensionInfo? info;

    /// <summary>Where connections come from; null if the connection string names the store.</summary>
    public OrleansSqliteDataSource? Source => source;

    /// <inheritdoc/>
    public DbContextOptionsExtensionInfo Info => info ??= new ExtensionInfo(this);

    /// <inheritdoc/>
    public void ApplyServices(IServiceCollection services)
    {
        // The last one that is registered wins, and the SQLite provider only adds what is not there: the order is of no account.
#pragma warning disable EF1001 // The provider asks for its connection under this type alone.
        services.AddScoped<ISqliteRelationalConnection, StoredConnection>();
#pragma warning restore EF1001
        services.AddScoped<IRelationalDatabaseCreator, StoredDatabaseCreator>();
        services.AddScoped<IExecutionStrategyFactory, StrategyFactory>();
        services.AddScoped<IModificationCommandBatchFactory, TransactedBatchFactory>();
        services.AddSingleton<IRelationalTransactionFactory, SettledTransactionFactory>();
        services.AddScoped<IMigrationCommandExecutor, OneCommitExecutor>();
        services.AddScoped<IHistoryRepository, LocklessHistory>();
        services.AddScoped<IMigrator, OneCommitMigrator>();
    }

    /// <inheritdoc/>
    public void Validate(IDbContextOptions options)
    {
    }

    private sealed class ExtensionInfo(IDbContextOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
    {
        public override bool IsDatabaseProvider => false;

        public override string LogFragment => "using OrleansSqlite ";

        // All databases share the provider's services, its model and its compiled queries.
        public override int GetServiceProviderHashCode() => 0;

        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) => other is ExtensionInfo;

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo) => debugInfo["OrleansSqlite"] = "1";
    }
}
