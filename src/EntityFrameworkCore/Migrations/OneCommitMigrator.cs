// EF1001: that migrations are found, ordered and generated is the business of EF Core's migrator, which is not public to derive from.
#pragma warning disable EF1001
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Internal;
using Microsoft.EntityFrameworkCore.Storage;
using OrleansSqlite.EntityFrameworkCore.Storage;
using DbLoggerCategory = Microsoft.EntityFrameworkCore.DbLoggerCategory;

namespace OrleansSqlite.EntityFrameworkCore.Migrations;

/// <summary>
/// EF Core's migrator, with all migrations as one transaction. Some of them rebuild a table (SQLite can alter little), for which
/// foreign keys must not be enforced; within a transaction SQLite can't switch that. So they rest before it begins, and are checked
/// before it is committed.
/// </summary>
internal sealed class OneCommitMigrator : Migrator
{
    private readonly IHistoryRepository history;
    private readonly IRelationalConnection connection;
    private readonly IRelationalDatabaseCreator creator;

    /// <summary>Makes it.</summary>
    public OneCommitMigrator(
        IMigrationsAssembly migrationsAssembly,
        IHistoryRepository historyRepository,
        IDatabaseCreator databaseCreator,
        IMigrationsSqlGenerator migrationsSqlGenerator,
        IRawSqlCommandBuilder rawSqlCommandBuilder,
        IMigrationCommandExecutor migrationCommandExecutor,
        IRelationalConnection connection,
        ISqlGenerationHelper sqlGenerationHelper,
        ICurrentDbContext currentContext,
        IModelRuntimeInitializer modelRuntimeInitializer,
        IDiagnosticsLogger<DbLoggerCategory.Migrations> logger,
        IRelationalCommandDiagnosticsLogger commandLogger,
        IDatabaseProvider databaseProvider,
        IMigrationsModelDiffer migrationsModelDiffer,
        IDesignTimeModel designTimeModel,
        IDbContextOptions contextOptions,
        IExecutionStrategy executionStrategy)
        : base(
            migrationsAssembly,
            historyRepository,
            databaseCreator,
            migrationsSqlGenerator,
            rawSqlCommandBuilder,
            migrationCommandExecutor,
            connection,
            sqlGenerationHelper,
            currentContext,
            modelRuntimeInitializer,
            logger,
            commandLogger,
            databaseProvider,
            migrationsModelDiffer,
            designTimeModel,
            contextOptions,
            executionStrategy)
    {
        history = historyRepository;
        this.connection = connection;
        creator = (IRelationalDatabaseCreator)databaseCreator;
    }

    /// <inheritdoc/>
    public override void Migrate(string? targetMigration)
    {
        if (connection.CurrentTransaction is not null)
        {
            base.Migrate(targetMigration);
            return;
        }

        if (!creator.Exists())
        {
            creator.Create();
        }

        connection.Open();
        bool rests = false;
        try
        {
            rests = RebuildsTables(history.GetAppliedMigrations(), targetMigration) && Stored.TryRestForeignKeys();
            base.Migrate(targetMigration);
        }
        finally
        {
            if (rests)
            {
                Stored.WakeForeignKeys();
            }

            connection.Close();
        }
    }

    /// <inheritdoc/>
    public override async Task MigrateAsync(string? targetMigration, CancellationToken cancellationToken = default)
    {
        if (connection.CurrentTransaction is not null)
        {
            await base.MigrateAsync(targetMigration, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (!await creator.ExistsAsync(cancellationToken).ConfigureAwait(false))
        {
            await creator.CreateAsync(cancellationToken).ConfigureAwait(false);
        }

        await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        bool rests = false;
        try
        {
            var applied = await history.GetAppliedMigrationsAsync(cancellationToken).ConfigureAwait(false);
            rests = RebuildsTables(applied, targetMigration) && Stored.TryRestForeignKeys();
            await base.MigrateAsync(targetMigration, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (rests)
            {
                Stored.WakeForeignKeys();
            }

            await connection.CloseAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<MigrationCommand> GenerateUpSql(
        Migration migration, MigrationsSqlGenerationOptions options = MigrationsSqlGenerationOptions.Default) =>
        WithoutSwitches(base.GenerateUpSql(migration, options), options);

    /// <inheritdoc/>
    protected override IReadOnlyList<MigrationCommand> GenerateDownSql(
        Migration migration, Migration? previousMigration, MigrationsSqlGenerationOptions options = MigrationsSqlGenerationOptions.Default) =>
        WithoutSwitches(base.GenerateDownSql(migration, previousMigration, options), options);

    private StoredConnection Stored => (StoredConnection)connection;

    private bool RebuildsTables(IReadOnlyList<HistoryRow> applied, string? target)
    {
        PopulateMigrations(applied.Select(row => row.MigrationId), target, out var planned);
        var reverted = planned.RevertedMigrations;
        return planned.AppliedMigrations.Any(migration => base.GenerateUpSql(migration).Any(Switches))
            || reverted.Where((migration, i) => base.GenerateDownSql(migration, i + 1 < reverted.Count ? reverted[i + 1] : planned.TargetMigration).Any(Switches)).Any();
    }

    /// <summary>Takes out what switches foreign keys off and on. A script keeps it: it is run elsewhere.</summary>
    private IReadOnlyList<MigrationCommand> WithoutSwitches(IReadOnlyList<MigrationCommand> commands, MigrationsSqlGenerationOptions options)
    {
        if (options.HasFlag(MigrationsSqlGenerationOptions.Script) || !commands.Any(Switches))
        {
            return commands;
        }

        // Dropping the old table would take the rows with it that refer to it, if their foreign key says so.
        return Stored.HasForeignKeys()
            ? throw new InvalidOperationException(
                "A migration rebuilds a table, for which foreign keys must rest, and that can't be done any more once a transaction has begun. "
                + "Migrate outside of a transaction. If that was done, another instance has reverted migrations meanwhile: migrate again.")
            : [.. commands.Where(command => !Switches(command))];
    }

    private static bool Switches(MigrationCommand command) =>
        command.TransactionSuppressed && command.CommandText.StartsWith("PRAGMA foreign_keys", StringComparison.OrdinalIgnoreCase);
}
