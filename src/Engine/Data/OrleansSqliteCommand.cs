using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Commit;

namespace OrleansSqlite;

/// <summary>
/// A command of an <see cref="OrleansSqliteConnection"/>, made by its <c>CreateCommand</c> or by hand. It is an ordinary
/// <see cref="SqliteCommand"/> that runs again by itself when a race is lost, and that swallows no error.
/// </summary>
public sealed class OrleansSqliteCommand : SqliteCommand
{
    private string? textSeen;
    private Data.CommandText known;
    private bool isDraining;
    private bool holdsSession;
    private DurableHead? prefetched;

    /// <summary>Makes a command.</summary>
    public OrleansSqliteCommand()
    {
    }

    /// <summary>Makes a command.</summary>
    /// <param name="commandText">Its SQL: one statement or several.</param>
    /// <param name="connection">The connection that it is for.</param>
    /// <param name="transaction">The transaction that it is part of.</param>
    public OrleansSqliteCommand(string? commandText, OrleansSqliteConnection? connection = null, SqliteTransaction? transaction = null)
        : base(commandText, connection, transaction)
    {
    }

    internal Data.StatementTexts Statements { get; } = new();

    /// <summary>Set while a transcript is run again: the command is executed as it is.</summary>
    internal bool IsReplay { get; init; }

    /// <summary>Whether the rows are only counted (ExecuteNonQuery).</summary>
    internal bool DropsRows { get; private set; }

    /// <summary>How many rows were changed by the one that has carried it, if somebody else has.</summary>
    internal int? CarriedChanges { get; set; }

    internal Data.CommandText Text
    {
        get
        {
            if (!ReferenceEquals(textSeen, CommandText))
            {
                textSeen = CommandText;
                known = Data.CommandText.Of(textSeen);
            }

            return known;
        }
    }

    private Data.Execution? Execution => IsReplay ? null : (Connection as OrleansSqliteConnection)?.Execution;

    /// <inheritdoc/>
    protected override SqliteDataReader? DataReader
    {
        get => base.DataReader;
        set
        {
            if (value is null && base.DataReader is { } closing && !isDraining)
            {
                Drain(closing);
                return;
            }

            base.DataReader = value;
            if (value is not null)
            {
                Recorder?.Opened(this);
            }
        }
    }

    private Data.Recorder? Recorder => (Connection as OrleansSqliteConnection)?.Execution?.Recorder;

    /// <inheritdoc/>
    public override SqliteDataReader ExecuteReader(CommandBehavior behavior) =>
        Execution is { } execution && DataReader is null ? execution.Run(this, behavior) : base.ExecuteReader(behavior);

    /// <inheritdoc/>
    public override void Prepare()
    {
        if (Execution is { } execution)
        {
            execution.Prepare(this, base.Prepare);
        }
        else
        {
            base.Prepare();
        }
    }

    /// <inheritdoc/>
    public override int ExecuteNonQuery()
    {
        DropsRows = true;
        CarriedChanges = null;
        try
        {
            int changes = base.ExecuteNonQuery();
            return CarriedChanges ?? changes;
        }
        finally
        {
            DropsRows = false;
        }
    }

    /// <inheritdoc/>
    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken) =>
        Interruptible(() => Task.FromResult(ExecuteNonQuery()), cancellationToken);

    /// <inheritdoc/>
    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken) =>
        Interruptible(
            async () =>
            {
                await PrefetchAsync(cancellationToken).ConfigureAwait(false);
                return ExecuteScalar();
            },
            cancellationToken);

    /// <inheritdoc/>
    public override Task<SqliteDataReader> ExecuteReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken) =>
        Interruptible(
            async () =>
            {
                await PrefetchAsync(cancellationToken).ConfigureAwait(false);
                return ExecuteReader(behavior);
            },
            cancellationToken);

    /// <inheritdoc/>
    protected override async Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken) =>
        await ExecuteReaderAsync(behavior, cancellationToken).ConfigureAwait(false);

    /// <summary>Executes as the provider does, once.</summary>
    internal SqliteDataReader ExecuteOnce(CommandBehavior behavior) => base.ExecuteReader(behavior);

    /// <summary>The head that an asynchronous execution has fetched, if it has; the caller's from now on.</summary>
    internal DurableHead? TakePrefetched()
    {
        var head = prefetched;
        prefetched = null;
        return head;
    }

    /// <summary>The reader that is returned now keeps its state until it is closed.</summary>
    internal void HoldSession() => holdsSession = true;

    /// <summary>
    /// A reader is being closed. Statements of the command that have not run yet run now, as everywhere in ADO.NET. The provider
    /// would swallow their errors, so they run here, before it looks.
    /// </summary>
    private void Drain(SqliteDataReader closing)
    {
        isDraining = true;
        try
        {
            // Of a single statement nothing is left.
            while (!Text.IsSingle && !closing.IsClosed && closing.NextResult())
            {
            }
        }
        finally
        {
            isDraining = false;
            base.DataReader = null;
            Recorder?.Closed(this);
            if (holdsSession)
            {
                holdsSession = false;
                (Connection as OrleansSqliteConnection)?.Execution?.ReaderClosed();
            }
        }
    }

    /// <summary>The state for a read is fetched without holding a thread.</summary>
    private async Task PrefetchAsync(CancellationToken cancellation)
    {
        if (Execution is { } execution && DataReader is null && Text is { Reads: true, NeedsDatabase: true })
        {
            prefetched = await execution.PrefetchAsync(cancellation).ConfigureAwait(false);
        }
    }

    private async Task<T> Interruptible<T>(Func<Task<T>> execute, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!cancellation.CanBeCanceled || Execution is not { } execution)
        {
            return await execute().ConfigureAwait(false);
        }

        try
        {
            // Interrupts statements. A commit that is under way to the store is waited for.
            using var interrupt = cancellation.UnsafeRegister(static running => ((Data.Execution)running!).Interrupt(), execution);
            return await execute().ConfigureAwait(false);
        }
        catch (SqliteException e) when (cancellation.IsCancellationRequested && e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT)
        {
            throw new OperationCanceledException(e.Message, e, cancellation);
        }
        finally
        {
            TakePrefetched()?.Snapshot.Release();
        }
    }
}
