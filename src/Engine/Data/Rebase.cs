using System.Data;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansSqlite.Data;

/// <summary>
/// Runs a transcript again, on the state that the session stands on now, and compares what it tells. If that is all the same, the
/// connection is where it was, on a newer state.
/// </summary>
internal sealed class Rebase(OrleansSqliteConnection connection, DataSession session, Recorder recorder, sqlite3 handle)
{
    private readonly Dictionary<int, (OrleansSqliteCommand Command, SqliteDataReader Reader)> open = [];
    private readonly Dictionary<string, Stack<OrleansSqliteCommand>> idle = new(StringComparer.Ordinal);

    /// <summary>Runs it.</summary>
    /// <param name="told">What was told before.</param>
    /// <param name="count">How many of its entries to run.</param>
    /// <returns>Null if it told the same; else what it told differently, and then the transaction is rolled back.</returns>
    public string? Run(Transcript told, int count)
    {
        Vfs.Native.SetLastInsertRowId(handle, told.LastInsertRowId);
        recorder.Replace();
        session.IsRebasing = true;
        string? difference;
        try
        {
            difference = Compare(told, count);
        }
        catch (SqliteException e)
        {
            difference = $"an error within the rows ({e.Message})";
        }
        finally
        {
            foreach (var (command, reader) in open.Values)
            {
                Close(command, reader);
            }

            open.Clear();
            foreach (var command in idle.Values.SelectMany(commands => commands))
            {
                command.Dispose();
            }

            idle.Clear();
            session.IsRebasing = false;
        }

        if (difference is not null && raw.sqlite3_get_autocommit(handle) == 0)
        {
            recorder.IsSuspended = true;
            _ = raw.sqlite3_exec(handle, "ROLLBACK");
            recorder.IsSuspended = false;
        }

        return difference;
    }

    private string? Compare(Transcript told, int count)
    {
        for (int i = 0; i < count; i++)
        {
            var entry = told[i];
            var statement = told.Statement(entry.Statement);
            if (!Repeat(entry, statement))
            {
                return $"the number of rows of \"{Shorten(statement.Sql)}\"";
            }

            recorder.Settle();
            var now = recorder.Transcript;
            if (now.Obstacle is { } obstacle)
            {
                return obstacle;
            }

            if (now.Count != i + 1 || !now[i].Same(entry))
            {
                string how = now.Count == i + 1 ? now[i].DifferenceFrom(entry) : "another course";
                return $"{how}, of \"{Shorten(statement.Sql)}\"";
            }

            if (raw.sqlite3_get_autocommit(handle) != 0)
            {
                return $"the transaction ended at \"{Shorten(statement.Sql)}\"";
            }
        }

        return open.Count == 0 ? null : "a reader that was open";
    }

    /// <summary>Does what one entry tells of. False if there are too few rows, or too many.</summary>
    private bool Repeat(ToldEntry entry, RecordedStatement statement)
    {
        if (entry.Starts)
        {
            Start(entry.Statement, statement);
        }

        if (!open.TryGetValue(entry.Statement, out var running))
        {
            return entry.Rows == 0;
        }

        for (long row = 0; row < entry.Rows; row++)
        {
            if (!running.Reader.Read())
            {
                return false;
            }
        }

        if (entry.Ends)
        {
            if (entry.IsDone && running.Reader.FieldCount > 0 && running.Reader.Read())
            {
                return false;
            }

            open.Remove(entry.Statement);
            running.Reader.Dispose();
            GiveBack(running.Command);
        }

        return true;
    }

    private void Start(int number, RecordedStatement statement)
    {
        var command = Take(statement.Sql);
        command.Parameters.Clear();
        foreach (var parameter in statement.Parameters)
        {
            command.Parameters.Add(parameter.ToParameter());
        }

        recorder.Enter(command);
        try
        {
            open.Add(number, (command, command.ExecuteOnce(CommandBehavior.Default)));
        }
        catch (SqliteException e)
        {
            recorder.Fail(command, e);
            command.Dispose();
        }
        finally
        {
            recorder.Leave();
        }
    }

    /// <summary>A command for the text: the same ones are run often, and need to be compiled once.</summary>
    private OrleansSqliteCommand Take(string sql) =>
        idle.TryGetValue(sql, out var commands) && commands.TryPop(out var command)
            ? command
            : new OrleansSqliteCommand(sql, connection) { IsReplay = true };

    private void GiveBack(OrleansSqliteCommand command)
    {
        if (!idle.TryGetValue(command.CommandText, out var commands))
        {
            idle.Add(command.CommandText, commands = new Stack<OrleansSqliteCommand>());
        }

        commands.Push(command);
    }

    private static void Close(OrleansSqliteCommand command, SqliteDataReader reader)
    {
        try
        {
            reader.Dispose();
        }
        catch (SqliteException)
        {
            // The transaction is rolled back in a moment: what its statements still say is of no account.
        }

        command.Dispose();
    }

    private static string Shorten(string sql)
    {
        sql = sql.Trim();
        return sql.Length > 80 ? sql[..80] + "…" : sql;
    }
}
