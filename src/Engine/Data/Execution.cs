using System.Data;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Commit;
using SQLitePCL;

namespace OrleansSqlite.Data;

/// <summary>
/// Executes the commands of one open connection. Whatever commits (COMMIT, the outermost RELEASE, a statement by itself) ends
/// here with success, with an error, or with the turn in hand: then it runs again on the newest state, and nobody notices.
/// </summary>
internal sealed class Execution(
    OrleansSqliteConnection connection, EngineDatabase database, DataSession session, Recorder recorder, sqlite3 handle)
{
    private readonly nint db = handle.DangerousGetHandle();

    /// <summary>The connection.</summary>
    public OrleansSqliteConnection Connection => connection;

    /// <summary>The database.</summary>
    public EngineDatabase Database => database;

    /// <summary>What runs a transcript again.</summary>
    public Rebase Rebase { get; } = new(connection, session, recorder, handle);

    /// <summary>What writes the transcript.</summary>
    public Recorder Recorder => recorder;

    /// <summary>What the connection stands on.</summary>
    public DataSession Session => session;

    /// <summary>Whether a transaction is open.</summary>
    public bool InTransaction => !IsAutocommit;

    /// <summary>Whether none is.</summary>
    public bool IsAutocommit => TraceNative.IsAutocommit(db) != 0;

    /// <summary>Fetches the head for a read of the connection's level. Null if a transaction runs, which has its state already.</summary>
    public async Task<DurableHead?> PrefetchAsync(CancellationToken cancellation)
    {
        try
        {
            return session.IsRunning ? null : await database.PinAsync(session.Level, cancellation).ConfigureAwait(false);
        }
        catch (DatabaseException e)
        {
            throw OrleansSqliteException.From(e);
        }
    }

    /// <summary>How long and how often a unit may be tried again that nobody has been told of.</summary>
    public RetryBound RetryBound() => new(database.Context);

    /// <summary>Interrupts whatever statement runs.</summary>
    public void Interrupt() => raw.sqlite3_interrupt(handle);

    /// <summary>A reader that was returned is closed.</summary>
    public void ReaderClosed()
    {
        session.Leave();
        if (IsAutocommit)
        {
            recorder.TurnOff();
        }
    }

    /// <summary>Compiles a command, for which SQLite may have to read the schema.</summary>
    public void Prepare(OrleansSqliteCommand command, Action compile)
    {
        try
        {
            Enter(command);
            compile();
        }
        catch (DatabaseException e)
        {
            throw OrleansSqliteException.From(e);
        }
        finally
        {
            session.Leave();
        }
    }

    /// <summary>Executes a command.</summary>
    public SqliteDataReader Run(OrleansSqliteCommand command, CommandBehavior behavior)
    {
        var call = MeasuredCall.Begin(database.Context, command.Text.Reads ? "query" : command.Text.IsCommit ? "commit" : "execute");
        try
        {
            var reader = Answer(command, behavior);
            call.End();
            return reader;
        }
        catch (Exception error)
        {
            call.End(error);
            throw;
        }
    }

    private SqliteDataReader Answer(OrleansSqliteCommand command, CommandBehavior behavior)
    {
        bool wasAutocommit = IsAutocommit;
        bool isReturned = false;
        try
        {
            Enter(command);
            if (!wasAutocommit || !command.Text.Reads)
            {
                Record(wasAutocommit);
            }

            if (!wasAutocommit && !command.Text.EndsTransaction)
            {
                // Within a transaction, as most are: there is no race yet that it could lose.
                var told = RunWithin(command, behavior);
                isReturned = true;
                command.HoldSession();
                return told;
            }

            var reader = new Attempts(this, command, behavior, wasAutocommit).Run();
            if (!wasAutocommit && command.Text.IsCommit)
            {
                connection.ForgetOperation();
            }

            isReturned = reader.IsFromCommand;
            if (isReturned)
            {
                command.HoldSession();
            }

            return reader.Reader;
        }
        catch (DatabaseException e)
        {
            throw OrleansSqliteException.From(e);
        }
        finally
        {
            session.GiveTurnBack(null);
            if (!isReturned)
            {
                session.Leave();
            }

            if (IsAutocommit && !isReturned)
            {
                recorder.TurnOff();
            }
        }
    }

    private SqliteDataReader RunWithin(OrleansSqliteCommand command, CommandBehavior behavior)
    {
        bool endsUntold = recorder.EnterWithin(command);
        try
        {
            return endsUntold ? ExecuteToEnd(command, behavior) : command.ExecuteOnce(behavior);
        }
        catch (SqliteException e)
        {
            Tell(command, e);
            throw;
        }
        finally
        {
            recorder.Leave();
        }
    }

    private SqliteDataReader ExecuteToEnd(OrleansSqliteCommand command, CommandBehavior behavior)
    {
        try
        {
            return command.ExecuteOnce(behavior);
        }
        finally
        {
            // Before the caller is told of an error, which belongs to it.
            recorder.Executed(command);
        }
    }

    /// <summary>The caller is told of an error: records that, and raises what was behind it, if it was more than SQLite's.</summary>
    public void Tell(OrleansSqliteCommand command, SqliteException error)
    {
        if (InTransaction)
        {
            recorder.Fail(command, error);
        }

        if (error.SqliteErrorCode == raw.SQLITE_AUTH)
        {
            throw OrleansSqliteException.From(connection.Refused ?? Errors.Attach(database.Name), error);
        }

        if (DataErrors.Behind(database.Name, error, session.Failure) is { } behind)
        {
            throw OrleansSqliteException.From(behind, error);
        }
    }

    /// <summary>Runs one of this library's own statements.</summary>
    public void Command(string sql) => Aside(() => SqliteException.ThrowExceptionForRC(raw.sqlite3_exec(handle, sql), handle));

    /// <summary>Does something of this library's own on the connection, which is neither recorded nor guarded.</summary>
    public void Aside(Action work)
    {
        recorder.IsSuspended = true;
        connection.Lift(true);
        try
        {
            work();
        }
        finally
        {
            connection.Lift(false);
            recorder.IsSuspended = false;
        }
    }

    /// <summary>If SQLite's parsed schema may be another state's, has it parsed again: its own counter can't tell.</summary>
    public void RefreshSchema()
    {
        if (session.HasStaleSchema)
        {
            // Forgets what was parsed, and has every statement compiled anew. It switches writable_schema off, which is never on.
            Command("PRAGMA writable_schema=RESET");
            session.SchemaWasReset();
        }
    }

    private void Enter(OrleansSqliteCommand command)
    {
        session.Enter(command.Text, command.TakePrefetched());
        RefreshSchema();
    }

    private void Record(bool wasAutocommit)
    {
        if (recorder.IsOn)
        {
            if (!wasAutocommit && recorder.Transcript.Obstacle is not null)
            {
                // There is nothing left to record.
                recorder.TurnOff();
            }

            return;
        }

        if (wasAutocommit)
        {
            recorder.TurnOn();
        }
        else
        {
            recorder.Give("it was begun by a command that this connection did not make");
        }
    }

    /// <summary>A reader that is open keeps the connection on the state that it began on.</summary>
    public string? OpenReader()
    {
        for (nint statement = TraceNative.NextStatement(db, 0); statement != 0; statement = TraceNative.NextStatement(db, statement))
        {
            if (TraceNative.IsBusy(statement) != 0)
            {
                return "a reader was still open when it was committed";
            }
        }

        return null;
    }

    /// <summary>After a conflict the provider's transaction must know that it is over, also if COMMIT had succeeded in SQLite.</summary>
    public void EndProviderTransaction(bool wasAutocommit)
    {
        if (wasAutocommit)
        {
            return;
        }

        if (IsAutocommit)
        {
            Command("BEGIN");
        }

        Command("ROLLBACK");
    }
}
