using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Server.Hrana;

/// <summary>A parameter of a statement.</summary>
/// <param name="Bound">The name that it is bound by.</param>
/// <param name="Written">How the client wrote it.</param>
/// <param name="Number">Its number, from 1.</param>
internal readonly record struct StreamParameter(string Bound, string Written, int Number);

/// <summary>Gives a command the arguments of a statement.</summary>
internal static class StreamParameters
{
    /// <summary>Binds each parameter: by its name if that was given, else by its number.</summary>
    public static void Bind(
        OrleansSqliteCommand command, IReadOnlyList<StreamParameter> parameters, IReadOnlyList<SqlValue> arguments, IReadOnlyList<KeyValuePair<string, SqlValue>> named)
    {
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new SqliteParameter(parameter.Bound, Find(parameter, arguments, named).ToObject() ?? DBNull.Value));
        }
    }

    private static SqlValue Find(StreamParameter parameter, IReadOnlyList<SqlValue> arguments, IReadOnlyList<KeyValuePair<string, SqlValue>> named)
    {
        foreach (var (given, value) in named)
        {
            if (given == parameter.Written || (parameter.Written.Length > 1 && parameter.Written.AsSpan(1).SequenceEqual(given)))
            {
                return value;
            }
        }

        return parameter.Number <= arguments.Count
            ? arguments[parameter.Number - 1]
            : throw new HranaException("ARGS_INVALID", $"The statement's parameter {parameter.Written} was given no value.");
    }
}
