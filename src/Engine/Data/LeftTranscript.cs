using System.Data;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Format;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Data;

/// <summary>
/// What a connection did, as statements that others can run in its place. Not all can be told them: readers that were read in turns or given up, values of
/// <c>changes()</c> that another connection has not, connections whose settings change what SQL means.
/// </summary>
internal static partial class LeftTranscript
{
    /// <summary>The transaction of a transcript, which began with BEGIN.</summary>
    /// <param name="connection">Where it ran. It is at rest.</param>
    /// <param name="told">Its transcript.</param>
    /// <param name="count">How many entries of it.</param>
    /// <returns>Null if it can't be told others.</returns>
    public static (Batch Batch, Telling Telling)? Of(OrleansSqliteConnection connection, Transcript told, int count)
    {
        var execution = connection.Execution!;
        if (told.Obstacle is not null || count < 2 || execution.OpenReader() is not null || !SqlText.Starts(SqlText.SkipBlanks(told.Statement(0).Sql), "BEGIN"))
        {
            return null;
        }

        var empty = new RunningDigest(execution.Recorder.Key).State;
        var statements = new Statement[count - 1];
        var tellings = new Told[count - 1];
        for (int i = 1; i < count; i++)
        {
            ref var entry = ref told[i];
            ref var statement = ref told.Statement(entry.Statement);
            if (!IsWhole(entry) || NamesOf(connection, statement.Sql, statement.Parameters) is not { } repeatable)
            {
                return null;
            }

            statements[i - 1] = repeatable;
            tellings[i - 1] = entry.Error is null
                ? new Told(entry.Rows, entry.IsDone, entry.Changes, entry.RowId, entry.Content.State, null)
                : new Told(0, true, 0, 0, empty, entry.Error);
        }

        return (new Batch(statements) { OperationId = connection.OperationId }, new Telling
        {
            Settings = SettingsOf(connection),
            Key = execution.Recorder.Key,
            LastInsertRowId = told.LastInsertRowId,
            TellsRowIds = execution.Recorder.TellsRowIds,
            Statements = tellings,
        });
    }

    /// <summary>A command of one statement that is a transaction by itself: nobody has been told anything of it.</summary>
    /// <param name="connection">Where it ran. It is at rest.</param>
    /// <param name="command">The command.</param>
    /// <returns>Null if it can't be told others.</returns>
    public static (Batch Batch, Telling Telling)? Of(OrleansSqliteConnection connection, SqliteCommand command) =>
        NamesOf(connection, command.CommandText, RecordedParameter.Copy(command.Parameters, out _)) is { } statement
            ? (new Batch(statement), new Telling { Settings = SettingsOf(connection), Key = 0, LastInsertRowId = 0, TellsRowIds = false, Statements = [] })
            : null;

    private static bool IsWhole(in ToldEntry entry) =>
        entry.Starts && (entry.Error is null ? entry.Ends && (entry.IsDone || entry.Rows > 0) : entry.Rows == 0);

    private static Statement? NamesOf(OrleansSqliteConnection connection, string sql, RecordedParameter[] parameters)
    {
        if (Counts().IsMatch(sql))
        {
            return null;
        }

        Dictionary<string, SqlValue> values = new(parameters.Length, StringComparer.Ordinal);
        if (parameters.Length > 0)
        {
            connection.Execution!.Aside(() => Bind(connection, parameters, values));
        }

        return values.Count == parameters.Length ? Statement.WithNames(sql, values) : null;
    }

    /// <summary>The provider itself says what it makes of a parameter: a date, a decimal, an enum.</summary>
    private static void Bind(OrleansSqliteConnection connection, RecordedParameter[] parameters, Dictionary<string, SqlValue> values)
    {
        using var command = new OrleansSqliteCommand("SELECT $value", connection) { IsReplay = true };
        foreach (var recorded in parameters)
        {
            var parameter = recorded.ToParameter();
            string name = parameter.ParameterName;
            parameter.ParameterName = "$value";
            command.Parameters.Clear();
            command.Parameters.Add(parameter);
            using var reader = command.ExecuteOnce(CommandBehavior.Default);
            _ = reader.Read();
            _ = values.TryAdd(name, SqlValue.FromObject(reader.GetValue(0)));
        }
    }

    private static string SettingsOf(OrleansSqliteConnection connection)
    {
        string settings = "";
        connection.Execution!.Aside(() => settings = ConnectionSettings.Of(connection.Handle!));
        return settings;
    }

    /// <summary>On another connection they count from somewhere else.</summary>
    [GeneratedRegex(@"changes\s*\(", RegexOptions.IgnoreCase)]
    private static partial Regex Counts();
}
