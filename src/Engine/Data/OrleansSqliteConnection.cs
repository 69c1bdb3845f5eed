using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Data;
using OrleansSqlite.Transactions;
using OrleansSqlite.Vfs;
using SQLitePCL;

namespace OrleansSqlite;

/// <summary>
/// A connection to a stored database: a <see cref="SqliteConnection"/> in everything, used like one by ADO.NET code, Dapper and
/// others. Transactions run on the newest known version, without a lock; when they are committed and another process was first,
/// they run again by themselves, and only if the caller would have been told something else is there a conflict to handle.
/// Like any connection it is for one thread at a time. See docs/DATA.md.
/// </summary>
public sealed class OrleansSqliteConnection : SqliteConnection
{
    private readonly Func<Task<DatabaseEngine>>? givenEngine;
    private OrleansSqliteConnectionStringBuilder settings = new();
    private DataSession? session;
    private EngineDatabase? database;
    private ReadLevel? level;
    private string? operationId;
    private StatementGuard? guard;

    /// <summary>Makes a connection without a connection string.</summary>
    public OrleansSqliteConnection()
    {
    }

    /// <summary>Makes a connection.</summary>
    /// <param name="connectionString">See <see cref="OrleansSqliteConnectionStringBuilder"/>. It must name the store. All connections of the
    /// process to one store share one engine, which lives until <see cref="CloseStoresAsync"/>.</param>
    public OrleansSqliteConnection(string? connectionString) => ConnectionString = connectionString;

    internal OrleansSqliteConnection(Func<Task<DatabaseEngine>> engine, string connectionString)
    {
        givenEngine = engine;
        ConnectionString = connectionString;
    }

    /// <inheritdoc/>
    [AllowNull]
    public override string ConnectionString
    {
        get => settings?.ConnectionString ?? "";
        set
        {
            // Checks that the connection is closed. The provider's own string is made anew each time that it is opened.
            base.ConnectionString = "";
            settings = new OrleansSqliteConnectionStringBuilder(value ?? "");
        }
    }

    /// <summary>The database's name.</summary>
    public override string DataSource => DatabaseName;

    /// <summary>What a read outside of a write transaction promises. The connection string says it at first; it holds for the reads that come.
    /// At a level of the past (<see cref="ReadLevel.IsPast"/>) the connection only reads: a write is refused as <see cref="ErrorCodes.ReadOnly"/>.</summary>
    public ReadLevel ReadLevel
    {
        get => level ?? settings.ReadLevel;
        set
        {
            level = value;
            if (session is not null)
            {
                session.Level = value;
            }
        }
    }

    /// <summary>The version that carries the newest commit of this connection; null before the first. Hand it to another process, which
    /// reads at <see cref="ReadLevel.AtLeast"/> to see the commit.</summary>
    public long? CommitVersion => session?.CommitVersion;

    /// <summary>
    /// A key of your own for the next transaction, 1 to 128 characters: it takes effect once, however often it is tried. It is
    /// recorded by the transaction's own commit. If it was already, COMMIT succeeds without applying anything, and
    /// <see cref="OperationRepeated"/> says so. It needs BeginTransaction (or BEGIN) and ends with the transaction's COMMIT.
    /// </summary>
    public string? OperationId
    {
        get => operationId;
        set => operationId = value is null or { Length: > 0 and <= Operation.MaxIdLength }
            ? value
            : throw new ArgumentException($"An operation id has 1 to {Operation.MaxIdLength} characters.", nameof(value));
    }

    /// <summary>Whether the newest COMMIT with an <see cref="OperationId"/> found that it had taken effect before; then
    /// <see cref="OperationVersion"/> is the version of that time.</summary>
    public bool OperationRepeated { get; private set; }

    /// <summary>The version at which the newest operation took effect.</summary>
    public long? OperationVersion { get; private set; }

    /// <summary>What was behind the newest failure, if it was more than an error of SQLite: the store, a race, a limit.</summary>
    public DatabaseException? LastFailure => session?.Failure as DatabaseException;

    internal Execution? Execution { get; private set; }

    internal string DatabaseName => settings.DataSource;

    /// <summary>Set while a transaction is run again: the provider must not see that the one it knows was rolled back.</summary>
    internal bool IsTransactionHidden { get; set; }

    /// <inheritdoc/>
    protected override SqliteTransaction? Transaction
    {
        get
        {
            // Asked before every command, of whichever class: the last moment at which a schema can be refreshed for one that is not ours.
            if (Execution is { Session: { IsRunning: false, HasStaleSchema: true } } execution)
            {
                execution.RefreshSchema();
            }

            return IsTransactionHidden ? null : base.Transaction;
        }
        set => base.Transaction = value;
    }

    /// <inheritdoc/>
    protected override DbProviderFactory DbProviderFactory => OrleansSqliteFactory.Instance;

    /// <inheritdoc/>
    public override bool CanCreateBatch => true;

    /// <summary>Lets go of the stores that connections were opened on by their connection strings. Connections that are still open fail.</summary>
    public static Task CloseStoresAsync() => SharedEngines.CloseAsync();

    /// <inheritdoc/>
    public override void Open()
    {
        if (State != ConnectionState.Open)
        {
            // On the pool: the caller's thread may have a context that what is awaited would want back.
            OpenOn(Task.Run(() => ReadyAsync(CancellationToken.None)).GetAwaiter().GetResult());
        }
    }

    /// <inheritdoc/>
    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (State != ConnectionState.Open)
        {
            OpenOn(await ReadyAsync(cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>Closes the connection. A transaction that was not committed is rolled back.</summary>
    public override void Close()
    {
        if (State != ConnectionState.Open)
        {
            return;
        }

        try
        {
            // While its statements can still be executed as they should.
            Transaction?.Dispose();
        }
        finally
        {
            Execution?.Recorder.Dispose();
            Execution = null;
            base.Close();
            session?.Close();
        }
    }

    /// <inheritdoc/>
    public override SqliteCommand CreateCommand() => new OrleansSqliteCommand
    {
        Connection = this,
        CommandTimeout = DefaultTimeout,
        Transaction = Transaction,
    };

    /// <inheritdoc/>
    protected override DbBatch CreateDbBatch() => new OrleansSqliteBatch { Connection = this };

    /// <summary>What was behind a result code, if this connection was the one that gave it.</summary>
    internal DatabaseException? FailureBehind(SqliteException error) =>
        DataErrors.Behind(DatabaseName, error, session?.Failure);

    /// <summary>Before COMMIT: records the operation id in the same transaction.</summary>
    internal void RecordOperation(Execution execution, DataSession running)
    {
        if (operationId is { } id)
        {
            (OperationRepeated, OperationVersion) = Operation.Record(database!, execution, running, Handle!, id);
        }
    }

    /// <summary>The engine that it stands on, open or not.</summary>
    internal Task<DatabaseEngine> EngineAsync(CancellationToken cancellation)
    {
        settings.Check(needsStore: givenEngine is null);
        return givenEngine?.Invoke().WaitAsync(cancellation) ?? SharedEngines.GetAsync(settings.Store, cancellation);
    }

    /// <summary>The newest version that this process knows of: a transaction that begins now runs on it, or on a newer one.</summary>
    internal long KnownVersion => database?.Speculation.Current?.Version ?? 0;

    /// <summary>A connection on a database that is open.</summary>
    internal static OrleansSqliteConnection On(EngineDatabase database)
    {
        var connection = new OrleansSqliteConnection();
        connection.OpenOn(database);
        return connection;
    }

    /// <summary>The transaction with an operation id was carried by somebody else.</summary>
    internal void OperationTookEffect(BatchResult carried) => (OperationRepeated, OperationVersion) = (carried.Repeated, carried.Version);

    /// <summary>The transaction that an operation id was for is over.</summary>
    internal void ForgetOperation() => operationId = null;

    /// <summary>
    /// For SQL of strangers, who have the open connection alone: keeps them inside of the database. What each of their statements is
    /// answered with names <c>last_insert_rowid()</c>, so that is part of what a transaction was told.
    /// </summary>
    internal void Confine()
    {
        guard = StatementGuard.ForConnection;
        guard.Attach(Handle!);
        _ = raw.sqlite3_limit(Handle!, raw.SQLITE_LIMIT_LENGTH, StatementRunner.ValueBytes);
        Execution!.Recorder.TellsRowIds = true;
    }

    /// <summary>Of a confined connection: lets the transaction that is about to begin read only, or takes that back.</summary>
    internal void LetOnlyRead(bool onlyReads) => guard!.OnlyReads = onlyReads;

    /// <summary>Lifts the confinement for a statement of this library's own.</summary>
    internal void Lift(bool isLifted)
    {
        if (guard is not null)
        {
            guard.IsLifted = isLifted;
        }
    }

    /// <summary>What the confinement refused, if it did.</summary>
    internal DatabaseException? Refused => guard?.Refusal is { } why ? Errors.NotAllowed(DatabaseName, why) : null;

    private async Task<EngineDatabase> ReadyAsync(CancellationToken cancellation)
    {
        try
        {
            var engine = await EngineAsync(cancellation).ConfigureAwait(false);
            var found = engine.Open(settings.DataSource);
            try
            {
                await found.OpenAsync(cancellation).ConfigureAwait(false);
            }
            catch (DatabaseException e) when (e.Code == ErrorCodes.DatabaseNotFound && settings.Mode == SqliteOpenMode.ReadWriteCreate)
            {
                await CreateAsync(engine, cancellation).ConfigureAwait(false);
                await found.OpenAsync(cancellation).ConfigureAwait(false);
            }

            return found;
        }
        catch (DatabaseException e)
        {
            throw OrleansSqliteException.From(e);
        }
        catch (Stores.StoreException e)
        {
            throw OrleansSqliteException.From(Errors.FromStore(settings.DataSource, e));
        }
    }

    private async Task CreateAsync(DatabaseEngine engine, CancellationToken cancellation)
    {
        try
        {
            await engine.CreateAsync(settings.DataSource, cancellation).ConfigureAwait(false);
        }
        catch (DatabaseException e) when (e.Code == ErrorCodes.DatabaseExists)
        {
            // Somebody else created it in this moment, which is as good.
        }
    }

    private void OpenOn(EngineDatabase on)
    {
        var opened = new DataSession(on, settings.Mode == SqliteOpenMode.ReadOnly);
        string name = StoreVfs.Announce(opened);
        base.ConnectionString = Connections.ConnectionString(name, settings.ForProvider());
        try
        {
            // What SQLite looks at while it is set up is told to nobody: the newest state that is known will do.
            opened.Enter(new Data.CommandText { NeedsDatabase = true }, null);
            base.Open();
            Connections.SetUp(Handle!, on.Context.Options.PageBytes);
            AttachGuard.Attach(Handle!);
        }
        catch (Exception e)
        {
            StoreVfs.Withdraw(name);
            base.Close();
            if (e is SqliteException error && DataErrors.Behind(on.Name, error, opened.Failure) is { } behind)
            {
                throw OrleansSqliteException.From(behind, error);
            }

            throw;
        }
        finally
        {
            opened.Leave();
        }

        opened.Level = ReadLevel;
        (session, database) = (opened, on);
        var recorder = new Recorder(Handle!.DangerousGetHandle(), on.Context.Entropy.Next128(), settings.RecordBytes);
        Execution = new Execution(this, on, opened, recorder, Handle!);
    }
}
