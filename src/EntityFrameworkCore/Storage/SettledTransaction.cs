using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using SQLitePCL;

namespace OrleansSqlite.EntityFrameworkCore.Storage;

/// <summary>
/// A transaction whose COMMIT ends with success or with a known failure. Its commit records an operation id; if the store did not
/// say whether it landed, the id does. If it landed, what the caller was told while it ran (generated keys, say) is what was
/// committed, and the commit is a success like any other. If it did not, it never will, and the unit may run again.
/// </summary>
internal sealed class SettledTransaction : RelationalTransaction
{
    private readonly OrleansSqliteConnection? stored;
    private readonly int changesBefore;

    /// <summary>Makes one.</summary>
    public SettledTransaction(
        IRelationalConnection connection,
        DbTransaction transaction,
        Guid transactionId,
        IDiagnosticsLogger<DbLoggerCategory.Database.Transaction> logger,
        bool transactionOwned,
        ISqlGenerationHelper sqlGenerationHelper)
        : base(connection, transaction, transactionId, logger, transactionOwned, sqlGenerationHelper)
    {
        stored = connection.DbConnection as OrleansSqliteConnection;
        changesBefore = TotalChanges();
    }

    /// <summary>Whether it changes the schema, which SQLite counts as no change of a row.</summary>
    public bool ChangesSchema { get; set; }

    /// <inheritdoc/>
    public override void Commit()
    {
        string? ownId = Announce();
        string? id = stored?.OperationId;
        long began = TimeProvider.System.GetTimestamp();
        try
        {
            base.Commit();
        }
        catch (OrleansSqliteException doubt) when (!doubt.OutcomeKnown && id is not null)
        {
            // On the pool: the caller's thread may have a context that what is awaited would want back.
            bool? landed = Task.Run(() => Settlement.SettleAsync(stored!, id)).GetAwaiter().GetResult();
            if (landed is not true)
            {
                throw Unsettled(doubt, landed);
            }

            var ended = this.GetDbTransaction();
            ended.Dispose();
            Logger.TransactionCommitted(Connection, ended, TransactionId, TimeProvider.System.GetUtcNow(), TimeProvider.System.GetElapsedTime(began));
            ClearTransaction();
        }
        finally
        {
            Withdraw(ownId);
        }
    }

    /// <inheritdoc/>
    public override async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        string? ownId = Announce();
        string? id = stored?.OperationId;
        long began = TimeProvider.System.GetTimestamp();
        try
        {
            await base.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OrleansSqliteException doubt) when (!doubt.OutcomeKnown && id is not null)
        {
            // Not to be cancelled: like the commit itself it ends when the outcome is known, or after a bounded time.
            bool? landed = await Settlement.SettleAsync(stored!, id).ConfigureAwait(false);
            if (landed is not true)
            {
                throw Unsettled(doubt, landed);
            }

            var ended = this.GetDbTransaction();
            await ended.DisposeAsync().ConfigureAwait(false);
            await Logger.TransactionCommittedAsync(
                Connection, ended, TransactionId, TimeProvider.System.GetUtcNow(), TimeProvider.System.GetElapsedTime(began), CancellationToken.None).ConfigureAwait(false);
            await ClearTransactionAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            Withdraw(ownId);
        }
    }

    /// <summary>Gives the commit an id, if the caller has not, and there is something to commit: an id is a row.</summary>
    private string? Announce()
    {
        if (stored is not { OperationId: null } || (!ChangesSchema && TotalChanges() == changesBefore))
        {
            return null;
        }

        return stored.OperationId = $"ef-{TransactionId:n}";
    }

    /// <summary>An id of this transaction is never another one's: that one would be taken for a repetition.</summary>
    private void Withdraw(string? ownId)
    {
        if (ownId is not null && stored!.OperationId == ownId)
        {
            stored.OperationId = null;
        }
    }

    private int TotalChanges() => stored?.Handle is { } handle ? raw.sqlite3_total_changes(handle) : 0;

    private static OrleansSqliteException Unsettled(OrleansSqliteException doubt, bool? landed) => landed is null
        ? doubt
        : OrleansSqliteException.From(
            new DatabaseException(
                ErrorKind.Unavailable,
                ErrorCodes.StoreUnavailable,
                $"The store did not say whether a transaction on '{doubt.Failure.Database}' was written. It was not, and never will be: run it again.",
                doubt)
            {
                Database = doubt.Failure.Database,
                Version = doubt.Failure.Version,
            },
            doubt);
}
