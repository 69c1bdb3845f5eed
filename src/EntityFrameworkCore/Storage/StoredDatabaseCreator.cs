using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;

namespace OrleansSqlite.EntityFrameworkCore.Storage;

/// <summary>Creates, deletes and looks for the database of a context, in the store.</summary>
internal sealed class StoredDatabaseCreator(RelationalDatabaseCreatorDependencies dependencies, IRawSqlCommandBuilder commands)
    : RelationalDatabaseCreator(dependencies)
{
    // The table of operation ids is this library's own: a database that has no other is empty.
    private const string TablesSql =
        $"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage IS NOT NULL AND name NOT IN ('{Transactions.OperationLog.Table}', '{Combining.InboxLog.Table}')";

    private readonly IRawSqlCommandBuilder commands = commands;
    private bool isEnsuring;
    private bool wasThere;

    private OrleansSqliteConnection Stored => Dependencies.Connection.DbConnection as OrleansSqliteConnection
        ?? throw new InvalidOperationException("The context was given a connection that is none of OrleansSqlite: databases in a store are created and deleted by UseOrleansSqlite's own.");

    /// <inheritdoc/>
    public override bool Exists() => Task.Run(() => ExistsAsync(CancellationToken.None)).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override async Task<bool> ExistsAsync(CancellationToken cancellationToken = default)
    {
        for (int look = 1; ; look++)
        {
            try
            {
                var engine = await Stored.EngineAsync(cancellationToken).ConfigureAwait(false);
                await engine.Open(Stored.DataSource).DescribeAsync(ReadLevel.Strong, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (DatabaseException e) when (e.Code == ErrorCodes.DatabaseNotFound)
            {
                return false;
            }
            catch (DatabaseException e) when (e.Code == ErrorCodes.DatabaseGone && look == 1)
            {
                // Deleted since it was opened here, and perhaps created anew: the engine looks again.
            }
            catch (DatabaseException e)
            {
                throw OrleansSqliteException.From(e);
            }
        }
    }

    /// <inheritdoc/>
    public override void Create() => Task.Run(() => CreateAsync(CancellationToken.None)).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override async Task CreateAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var engine = await Stored.EngineAsync(cancellationToken).ConfigureAwait(false);
            await engine.CreateAsync(Stored.DataSource, cancellationToken).ConfigureAwait(false);
        }
        catch (DatabaseException e) when (e.Code == ErrorCodes.DatabaseExists)
        {
            // Another instance created it in this moment, which is as good.
        }
        catch (DatabaseException e)
        {
            throw OrleansSqliteException.From(e);
        }
    }

    /// <inheritdoc/>
    public override void Delete() => Task.Run(() => DeleteAsync(CancellationToken.None)).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override async Task DeleteAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var engine = await Stored.EngineAsync(cancellationToken).ConfigureAwait(false);
            await engine.DeleteAsync(Stored.DataSource, cancellationToken).ConfigureAwait(false);
        }
        catch (DatabaseException e) when (e.Code is ErrorCodes.DatabaseNotFound or ErrorCodes.DatabaseGone)
        {
            // Another instance deleted it in this moment.
        }
        catch (DatabaseException e)
        {
            throw OrleansSqliteException.From(e);
        }
    }

    /// <inheritdoc/>
    public override bool HasTables() => Dependencies.ExecutionStrategy.Execute(
        this, static (_, creator) => creator.commands.Build(TablesSql).ExecuteScalar(creator.Parameters()) is not 0L, verifySucceeded: null);

    /// <inheritdoc/>
    public override Task<bool> HasTablesAsync(CancellationToken cancellationToken = default) => Dependencies.ExecutionStrategy.ExecuteAsync(
        this,
        static async (_, creator, cancellation) => await creator.commands.Build(TablesSql).ExecuteScalarAsync(creator.Parameters(), cancellation).ConfigureAwait(false) is not 0L,
        verifySucceeded: null,
        cancellationToken);

    /// <summary>Creates what is missing: the database, and the tables if there are none. Of several instances at once one does it.</summary>
    public override bool EnsureCreated()
    {
        (isEnsuring, wasThere) = (true, false);
        try
        {
            return base.EnsureCreated() && !wasThere;
        }
        finally
        {
            isEnsuring = false;
        }
    }

    /// <summary>Creates what is missing: the database, and the tables if there are none. Of several instances at once one does it.</summary>
    public override async Task<bool> EnsureCreatedAsync(CancellationToken cancellationToken = default)
    {
        (isEnsuring, wasThere) = (true, false);
        try
        {
            return await base.EnsureCreatedAsync(cancellationToken).ConfigureAwait(false) && !wasThere;
        }
        finally
        {
            isEnsuring = false;
        }
    }

    /// <inheritdoc/>
    public override void CreateTables() => Dependencies.ExecutionStrategy.Execute(
        this,
        static (context, creator) =>
        {
            using var transaction = creator.Dependencies.Connection.CurrentTransaction is null ? context.Database.BeginTransaction() : null;
            if (!creator.isEnsuring || !(creator.wasThere = creator.HasTables()))
            {
                creator.CreateTablesHere();
            }

            transaction?.Commit();
            return true;
        },
        verifySucceeded: null);

    /// <inheritdoc/>
    public override Task CreateTablesAsync(CancellationToken cancellationToken = default) => Dependencies.ExecutionStrategy.ExecuteAsync(
        this,
        static async (context, creator, cancellation) =>
        {
            await using var transaction = creator.Dependencies.Connection.CurrentTransaction is null
                ? await context.Database.BeginTransactionAsync(cancellation).ConfigureAwait(false)
                : null;
            if (!creator.isEnsuring || !(creator.wasThere = await creator.HasTablesAsync(cancellation).ConfigureAwait(false)))
            {
                await creator.CreateTablesHereAsync(cancellation).ConfigureAwait(false);
            }

            await (transaction?.CommitAsync(cancellation) ?? Task.CompletedTask).ConfigureAwait(false);
            return true;
        },
        verifySucceeded: null,
        cancellationToken);

    private void CreateTablesHere() => base.CreateTables();

    private Task CreateTablesHereAsync(CancellationToken cancellation) => base.CreateTablesAsync(cancellation);

    private RelationalCommandParameterObject Parameters() => new(
        Dependencies.Connection, null, null, Dependencies.CurrentContext.Context, Dependencies.CommandLogger, CommandSource.Migrations);
}
