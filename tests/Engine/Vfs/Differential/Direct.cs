using Microsoft.Data.Sqlite;
using OrleansSqlite.Vfs;
using SQLitePCL;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>Runs steps on a plain connection, and says in lines what SQLite told: the truth that the engine is held against.</summary>
internal static class Direct
{
    /// <summary>Runs a step as one transaction.</summary>
    public static List<string> Run(SqliteConnection connection, Step step)
    {
        List<string> told = [];
        if (step is VacuumStep vacuum)
        {
            try
            {
                connection.Run(string.Join(';', vacuum.Statements));
                return told;
            }
            catch (SqliteException e)
            {
                return [Lines.Of(e)];
            }
        }

        // The engine's transactions find nothing of the ones before them: changes() is 0, nothing is in temp.
        connection.Run("CREATE TEMP TABLE w(x); DELETE FROM w; DROP TABLE temp.w; BEGIN IMMEDIATE");
        Native.SetLastInsertRowId(connection.Handle!, 0);
        try
        {
            if (step is BatchStep batch)
            {
                told.AddRange(batch.Statements.SelectMany(statement => ExecuteAll(connection, statement)).Select(Lines.Of));
            }
            else
            {
                Closure(connection, (ClosureStep)step, told);
            }

            connection.Run("COMMIT");
            return told;
        }
        catch (SqliteException e)
        {
            if (connection.InTransaction())
            {
                connection.Run("ROLLBACK");
            }

            return [Lines.Of(e)];
        }
        finally
        {
            DropTemporary(connection);
        }
    }

    /// <summary>The statements of a closure one by one, inside of a transaction; it stops if that is rolled back.</summary>
    public static List<string> Closure(SqliteConnection connection, ClosureStep step, List<string> told)
    {
        foreach (string sql in step.Statements)
        {
            try
            {
                told.Add(Lines.Of(Execute(connection, new Statement(sql))));
            }
            catch (SqliteException e)
            {
                told.Add(Lines.Of(e));
                if (!connection.InTransaction())
                {
                    throw new SqliteException("ended", 1, 1);
                }
            }
        }

        return told;
    }

    /// <summary>The rows of a query.</summary>
    public static string Query(SqliteConnection connection, string sql)
    {
        try
        {
            return string.Join('\n', Execute(connection, sql).Rows.Select(Lines.Of));
        }
        catch (SqliteException e)
        {
            return Lines.Of(e);
        }
    }

    /// <summary>Runs one statement with its values.</summary>
    public static StatementResult Execute(SqliteConnection connection, Statement statement) => ExecuteAll(connection, statement).Single();

    /// <summary>Runs the statements of a text, each with the same values.</summary>
    private static IEnumerable<StatementResult> ExecuteAll(SqliteConnection connection, Statement statement)
    {
        for (string rest = statement.Sql; rest.Length > 0;)
        {
            SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(connection.Handle, rest, out var compiled, out rest), connection.Handle);
            using (compiled)
            {
                // Blanks and comments compile to nothing.
                if (!compiled.IsInvalid)
                {
                    yield return Step(connection.Handle!, compiled, statement);
                }
            }
        }
    }

    private static StatementResult Step(sqlite3 handle, sqlite3_stmt compiled, Statement statement)
    {
        int before = raw.sqlite3_total_changes(handle);
        for (int i = 0; i < statement.Positional.Count; i++)
        {
            Bind(compiled, i + 1, statement.Positional[i]);
        }

        List<IReadOnlyList<SqlValue>> rows = [];
        int code;
        while ((code = raw.sqlite3_step(compiled)) == raw.SQLITE_ROW)
        {
            // PRAGMA incremental_vacuum stops here after each page, without a row.
            if (raw.sqlite3_column_count(compiled) > 0)
            {
                rows.Add([.. Enumerable.Range(0, raw.sqlite3_column_count(compiled)).Select(i => Value(compiled, i))]);
            }
        }

        if (code != raw.SQLITE_DONE)
        {
            SqliteException.ThrowExceptionForRC(raw.sqlite3_reset(compiled), handle);
        }

        Column[] columns = [.. Enumerable.Range(0, raw.sqlite3_column_count(compiled)).Select(i =>
            new Column(raw.sqlite3_column_name(compiled, i).utf8_to_string(), raw.sqlite3_column_decltype(compiled, i).utf8_to_string()))];
        long changes = raw.sqlite3_total_changes(handle) == before ? 0 : raw.sqlite3_changes(handle);
        return new StatementResult(columns, rows, changes, raw.sqlite3_last_insert_rowid(handle));
    }

    /// <summary>The engine's next transaction does not find what one made in temp; nor may it here.</summary>
    private static void DropTemporary(SqliteConnection connection)
    {
        foreach (string drop in connection.Rows("SELECT 'DROP ' || type || ' IF EXISTS temp.' || name FROM sqlite_temp_schema WHERE type IN ('table', 'view', 'trigger') ORDER BY type <> 'trigger'"))
        {
            connection.Run(drop);
        }
    }

    private static SqlValue Value(sqlite3_stmt row, int i) => raw.sqlite3_column_type(row, i) switch
    {
        raw.SQLITE_INTEGER => SqlValue.From(raw.sqlite3_column_int64(row, i)),
        raw.SQLITE_FLOAT => SqlValue.From(raw.sqlite3_column_double(row, i)),
        raw.SQLITE_TEXT => Text(row, i),
        raw.SQLITE_BLOB => SqlValue.From(raw.sqlite3_column_blob(row, i).ToArray()),
        _ => SqlValue.Null,
    };

    private static SqlValue Text(sqlite3_stmt row, int i)
    {
        _ = raw.sqlite3_column_text(row, i);
        return SqlValue.From(System.Text.Encoding.UTF8.GetString(raw.sqlite3_column_blob(row, i)));
    }

    private static void Bind(sqlite3_stmt compiled, int i, SqlValue value)
    {
        _ = value.Type switch
        {
            SqlType.Integer => raw.sqlite3_bind_int64(compiled, i, value.AsInteger()),
            SqlType.Real => raw.sqlite3_bind_double(compiled, i, value.AsReal()),
            SqlType.Text => raw.sqlite3_bind_text(compiled, i, value.AsText()),
            SqlType.Blob => raw.sqlite3_bind_blob(compiled, i, value.AsBlob().Span),
            _ => raw.sqlite3_bind_null(compiled, i),
        };
    }
}
