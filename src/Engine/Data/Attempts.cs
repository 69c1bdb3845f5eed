using System.Data;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Combining;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.Transactions;
using SQLitePCL;

namespace OrleansSqlite.Data;

/// <summary>One command, executed as often as it takes.</summary>
internal sealed class Attempts(Execution execution, OrleansSqliteCommand command, CommandBehavior behavior, bool wasAutocommit)
{
    private readonly DataSession session = execution.Session;
    private readonly Recorder recorder = execution.Recorder;
    private readonly int mark = wasAutocommit ? 0 : execution.Recorder.Transcript.Count;
    private Transcript? told;
    private bool isHidden;
    private bool cameBack;
    private bool isCarried;
    private LeftAs? leftAs;
    private SqliteDataReader? carried;

    /// <summary>Executes it.</summary>
    public (SqliteDataReader Reader, bool IsFromCommand) Run()
    {
        var transaction = command.Transaction;
        try
        {
            while (true)
            {
                var (reader, error) = Execute(out bool isBuffered);
                if (!session.HasLostRace && IsFinal(reader, error))
                {
                    return (reader!, !isBuffered);
                }

                reader?.Dispose();
                Again(error);
                if (carried is not null)
                {
                    return (carried, false);
                }
            }
        }
        finally
        {
            recorder.Leave();
            if (isHidden)
            {
                execution.Connection.IsTransactionHidden = false;
                command.Transaction = transaction;
            }
        }
    }

    /// <summary>Whether this is what the caller is told; an error of theirs is thrown. False if it has to run again.</summary>
    private bool IsFinal(SqliteDataReader? reader, SqliteException? error)
    {
        if (MustConfirm(error) && session.Confirm(error) is var answer and not CommitAnswer.Landed)
        {
            if (answer is not CommitAnswer.Failed failed)
            {
                return false;
            }

            if (!ReferenceEquals(failed.Error, error))
            {
                reader?.Dispose();
                execution.EndProviderTransaction(wasAutocommit);
                throw failed.Error;
            }
        }

        if (error is not null)
        {
            execution.Tell(command, error);
            ExceptionDispatchInfo.Throw(error);
        }

        return true;
    }

    /// <summary>Executes it once. What it raises may be for the caller, or be a lost race.</summary>
    private (SqliteDataReader? Reader, SqliteException? Error) Execute(out bool isBuffered)
    {
        isBuffered = false;
        session.BeginAttempt();
        session.CanRunAgain = true;
        session.MayBeLeft = !cameBack && (wasAutocommit ? command.Text is { IsSingle: true, Reads: false } : command.Text.IsCommit);
        recorder.Enter(command);
        try
        {
            if (!wasAutocommit && !isCarried && command.Text.IsCommit && execution.Connection.OperationId is not null)
            {
                // A repeated one is rolled back here.
                Hide();
                execution.Connection.RecordOperation(execution, session);
            }

            var reader = command.ExecuteOnce(behavior);
            if (wasAutocommit && execution.IsAutocommit && BufferedRows.MayCommit(reader))
            {
                // Nothing is told before its commit: the rows wait for it.
                if (command.DropsRows)
                {
                    BufferedRows.Skip(reader);
                }
                else
                {
                    reader = BufferedRows.Read(reader, execution.Connection, behavior);
                    isBuffered = true;
                }
            }

            return (reader, null);
        }
        catch (SqliteException e)
        {
            return (null, e);
        }
        finally
        {
            recorder.Leave();
            session.CanRunAgain = session.MayBeLeft = false;
            session.ExactVersion = -1;
        }
    }

    /// <summary>Whether what came out must be held against a newer head before the caller is told.</summary>
    private bool MustConfirm(SqliteException? error)
    {
        if (session.Turn is not null)
        {
            return true;
        }

        bool tells = error is null || error.SqliteErrorCode is raw.SQLITE_ERROR or raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH;
        return tells
            && session.MustConfirm
            && execution.IsAutocommit
            && (wasAutocommit || (error is null && command.Text.EndsTransaction && (mark > 1 || recorder.Transcript.Obstacle is not null)));
    }

    /// <summary>A rival was first, and the turn is here: brings the connection to where the command can be executed again.</summary>
    private void Again(SqliteException? error)
    {
        if (session.Declined is not null)
        {
            if (TryLeave(error))
            {
                return;
            }

            cameBack = true;
            if (session.AskForTurn(leftAs) is CommitAnswer.Failed refused)
            {
                End(refused.Error, error);
            }
        }

        while (true)
        {
            if (!execution.IsAutocommit)
            {
                // An outermost RELEASE that failed leaves a transaction open in which everything is undone.
                execution.Command("ROLLBACK");
            }

            if (Prepared(out string? obstacle, out string? difference))
            {
                return;
            }

            var verdict = Below() ?? (difference is not null
                ? Errors.Changed(execution.Database.Name, difference)
                : Errors.NotRepeatable(execution.Database.Name, obstacle!));
            if (session.Confirm(verdict) is CommitAnswer.Failed failed)
            {
                End(failed.Error, error);
            }
        }
    }

    /// <summary>It has failed, and so has the transaction.</summary>
    [DoesNotReturn]
    private void End(Exception failure, SqliteException? error)
    {
        execution.EndProviderTransaction(wasAutocommit);
        session.Failure = failure;
        throw failure is DatabaseException known ? OrleansSqliteException.From(known, known.Kind == ErrorKind.Conflict ? error : null) : failure;
    }

    /// <summary>
    /// There is a crowd: leaves the transaction to whoever wins the next swap. Once it is carried, all is as if it had been committed here; what COMMIT
    /// commits then is nothing.
    /// </summary>
    private bool TryLeave(SqliteException? error)
    {
        var connection = execution.Connection;
        if (wasAutocommit && command.Statements.OnlyWrites(command.CommandText) && !command.DropsRows)
        {
            // A reader of no rows tells how many were changed, and only the statement's own can.
            return false;
        }

        if (!wasAutocommit)
        {
            Hide();
            told ??= recorder.Replace();
        }

        var left = told is null ? LeftTranscript.Of(connection, command) : LeftTranscript.Of(connection, told, mark);
        if (left is null || Wait(left.Value, error) is not { } result)
        {
            return false;
        }

        session.Carried(result.Version);
        if (wasAutocommit)
        {
            carried = LeftCommit.Tell(execution, command, behavior, result.Results[0]);
            return true;
        }

        connection.OperationTookEffect(result);
        isCarried = true;
        execution.Command("BEGIN");
        return true;
    }

    /// <summary>What kept it from running again, if that was the store: it was told something else then, but nobody has changed anything.</summary>
    private DatabaseException? Below()
    {
        var failure = session.Failure is StoreException store ? Errors.FromStore(execution.Database.Name, store) : session.Failure as DatabaseException;
        return failure?.Kind is ErrorKind.Unavailable or ErrorKind.Corrupt ? failure : null;
    }

    private BatchResult? Wait((Batch Batch, Telling Telling) left, SqliteException? error)
    {
        var write = new ToldWrite(session.Declined!.Losses, session.Declined.QueuedAt);
        try
        {
            return LeftCommit.Wait(execution.Database, write, left);
        }
        catch (DatabaseException e)
        {
            End(e, error);
            return null;
        }
        finally
        {
            leftAs = write.LeftAs;
        }
    }

    private bool Prepared(out string? obstacle, out string? difference)
    {
        (obstacle, difference) = (null, null);
        if (wasAutocommit)
        {
            if (recorder.StatementsRun > 1)
            {
                obstacle = "other statements of the same command were committed before it";
                return false;
            }

            session.TakeTip();
            execution.RefreshSchema();
            return true;
        }

        told ??= recorder.Replace();
        obstacle = told.Obstacle ?? execution.OpenReader();
        if (obstacle is not null)
        {
            return false;
        }

        Hide();
        session.TakeTip();
        execution.RefreshSchema();
        difference = execution.Rebase.Run(told, mark);
        return difference is null;
    }

    /// <summary>The provider's transaction sees a rollback, and would let nothing more run. It learns of none of this.</summary>
    private void Hide()
    {
        isHidden = true;
        execution.Connection.IsTransactionHidden = true;
        command.Transaction = null;
    }
}
