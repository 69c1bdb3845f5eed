using SQLitePCL;

namespace OrleansSqlite.Transactions;

/// <summary>Gives a compiled statement its parameters.</summary>
internal static class Parameters
{
    /// <summary>Binds every parameter.</summary>
    /// <param name="runner">The connection.</param>
    /// <param name="compiled">The compiled statement.</param>
    /// <param name="statement">The values.</param>
    /// <param name="isWhole">Whether it is the text's only statement, so that a value too many is a mistake.</param>
    /// <exception cref="DatabaseException">A parameter has no value, or a value has no parameter.</exception>
    public static void Bind(StatementRunner runner, sqlite3_stmt compiled, Statement statement, bool isWhole)
    {
        int count = raw.sqlite3_bind_parameter_count(compiled);
        if (isWhole && statement.Positional.Count > count)
        {
            throw runner.Invalid(ErrorCodes.BadArgument, $"The statement has {count} parameters, but {statement.Positional.Count} values came with it.");
        }

        for (int i = 1; i <= count; i++)
        {
            string? name = raw.sqlite3_bind_parameter_name(compiled, i).utf8_to_string();
            int code = Bind(compiled, i, ValueOf(runner, statement, i, name));
            if (code != raw.SQLITE_OK)
            {
                throw runner.Failed(code);
            }
        }
    }

    private static SqlValue ValueOf(StatementRunner runner, Statement statement, int index, string? name)
    {
        if (name is not null && name[0] != '?')
        {
            if (statement.Named.TryGetValue(name, out var value) || statement.Named.TryGetValue(name[1..], out value))
            {
                return value;
            }
        }

        return index <= statement.Positional.Count
            ? statement.Positional[index - 1]
            : throw runner.Invalid(ErrorCodes.BadArgument, $"The parameter {name ?? $"number {index}"} has no value.");
    }

    private static int Bind(sqlite3_stmt statement, int index, SqlValue value) => value.Type switch
    {
        SqlType.Integer => raw.sqlite3_bind_int64(statement, index, value.AsInteger()),
        SqlType.Real => raw.sqlite3_bind_double(statement, index, value.AsReal()),
        SqlType.Text => raw.sqlite3_bind_text(statement, index, System.Text.Encoding.UTF8.GetBytes(value.AsText())),
        SqlType.Blob => value.AsBlob().Length == 0
            ? raw.sqlite3_bind_zeroblob(statement, index, 0)
            : raw.sqlite3_bind_blob(statement, index, value.AsBlob().Span),
        _ => raw.sqlite3_bind_null(statement, index),
    };
}
