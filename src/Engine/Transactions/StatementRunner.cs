using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Commit;
using OrleansSqlite.Vfs;
using SQLitePCL;

namespace OrleansSqlite.Transactions;

/// <summary>Runs statements with parameters on one connection, compiled once as long as they are used.</summary>
internal sealed class StatementRunner : IDisposable
{
    private const int CachedStatements = 128;

    /// <summary>
    /// The longest value or row, in bytes. SQLite's own bound would let one call of a function take a gigabyte. A number and not a setting: whoever runs a batch,
    /// or carries another's, gives the same answer.
    /// </summary>
    public const int ValueBytes = 128 << 20;

    private readonly DatabaseContext context;
    private readonly Session session;
    private readonly StatementGuard guard;
    private readonly SqliteConnection connection;
    private ChangeCounts? counts;
    private string? settings;
    private readonly Dictionary<string, sqlite3_stmt> compiled = new(StringComparer.Ordinal);
    private readonly Queue<string> compiledOrder = new();
    private readonly Dictionary<string, sqlite3_stmt> commands = new(StringComparer.Ordinal);

    public StatementRunner(DatabaseContext context, Session session, StatementGuard guard)
    {
        this.context = context;
        this.session = session;
        this.guard = guard;
        connection = Connections.Open(session, context.Options.PageBytes);
        guard.Attach(connection.Handle!);
        _ = raw.sqlite3_limit(connection.Handle!, raw.SQLITE_LIMIT_LENGTH, ValueBytes);
    }

    /// <summary>The connection's handle.</summary>
    public sqlite3 Handle => connection.Handle!;

    /// <summary>Whether a transaction is open.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(Handle) == 0;

    /// <summary>Whether something temporary was made on the connection.</summary>
    public bool LeavesTraces => guard.LeavesTraces;

    /// <summary>Lets the SQL that follows count its changes from zero, as on a connection of its own.</summary>
    public void CountFromZero() => (counts ??= new ChangeCounts(Handle)).Begin();

    /// <summary>Runs one of the engine's own statements.</summary>
    public void Command(string sql)
    {
        guard.IsLifted = true;
        try
        {
            // Kept apart from the callers' statements: for those the same words are refused.
            if (!commands.TryGetValue(sql, out var statement))
            {
                statement = Compile(sql, raw.SQLITE_PREPARE_PERSISTENT, out _) ?? throw new ArgumentException("Empty SQL.", nameof(sql));
                commands.Add(sql, statement);
            }

            int code = raw.sqlite3_step(statement);
            int reset = raw.sqlite3_reset(statement);
            if (code is not (raw.SQLITE_DONE or raw.SQLITE_ROW))
            {
                throw Failed(reset);
            }
        }
        finally
        {
            guard.IsLifted = false;
        }
    }

    /// <summary>Runs the text of a statement and adds one result for each statement in it.</summary>
    /// <param name="statement">The text with its parameters.</param>
    /// <param name="results">Receives the results.</param>
    /// <param name="vacuum">Whether it is VACUUM by itself, outside of a transaction.</param>
    public void Run(Statement statement, List<StatementResult> results, bool vacuum = false)
    {
        if (Compiled(statement.Sql) is { } single)
        {
            guard.IsLifted = vacuum;
            try
            {
                Parameters.Bind(this, single, statement, isWhole: true);
                results.Add(Step(single));
            }
            finally
            {
                guard.IsLifted = false;
                _ = raw.sqlite3_reset(single);
                _ = raw.sqlite3_clear_bindings(single);
            }

            return;
        }

        string rest = statement.Sql;
        while (rest.Length > 0)
        {
            using var next = Compile(rest, 0, out rest);
            if (next is not null && !next.IsInvalid)
            {
                Parameters.Bind(this, next, statement, isWhole: false);
                results.Add(Step(next));
            }
        }
    }

    /// <summary>What the meaning of statements depends on here. They can't change it: the guard sees to that.</summary>
    public string Settings
    {
        get
        {
            if (settings is null)
            {
                guard.IsLifted = true;
                settings = ConnectionSettings.Of(Handle);
                guard.IsLifted = false;
            }

            return settings;
        }
    }

    /// <summary>The text's only statement, ready to be stepped through; to be given back by <see cref="EndQuery"/>. Null if it holds none, or several.</summary>
    /// <exception cref="DatabaseException">It can't be compiled, or a parameter has no value.</exception>
    public sqlite3_stmt? Begin(Statement statement)
    {
        if (Compiled(statement.Sql) is { } single)
        {
            Parameters.Bind(this, single, statement, isWhole: false);
            return single;
        }

        return null;
    }

    /// <summary>Compiles one reading statement for streaming; the caller gives it back by <see cref="EndQuery"/>.</summary>
    public sqlite3_stmt CompileQuery(Statement statement)
    {
        string rest = "";
        var query = Compiled(statement.Sql) ?? Compile(statement.Sql, 0, out rest);
        if (query is null || query.IsInvalid)
        {
            throw Invalid(ErrorCodes.Sql, "The SQL is empty.");
        }

        try
        {
            while (rest.Length > 0)
            {
                // What follows may be blanks and comments, which SQLite compiles to nothing.
                using var next = Compile(rest, 0, out rest);
                if (next is { IsInvalid: false })
                {
                    throw Invalid(ErrorCodes.Sql, "A query is one statement. Send several of them as a batch to be executed.");
                }
            }

            if (raw.sqlite3_stmt_readonly(query) == 0)
            {
                throw Errors.ReadOnly(context.Name);
            }

            Parameters.Bind(this, query, statement, isWhole: true);
            return query;
        }
        catch
        {
            EndQuery(statement, query);
            throw;
        }
    }

    /// <summary>Ends a query: its statement stays for the next one of the same text, or goes.</summary>
    public void EndQuery(Statement statement, sqlite3_stmt query)
    {
        if (compiled.TryGetValue(statement.Sql, out var kept) && ReferenceEquals(kept, query))
        {
            _ = raw.sqlite3_reset(query);
            _ = raw.sqlite3_clear_bindings(query);
        }
        else
        {
            query.Dispose();
        }
    }

    /// <summary>The columns of a compiled statement.</summary>
    public static Column[] Columns(sqlite3_stmt statement)
    {
        var columns = new Column[raw.sqlite3_column_count(statement)];
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = new Column(raw.sqlite3_column_name(statement, i).utf8_to_string(), raw.sqlite3_column_decltype(statement, i).utf8_to_string());
        }

        return columns;
    }

    /// <summary>The current row of a statement.</summary>
    public static SqlValue[] Row(sqlite3_stmt statement, int columns, ref long bytes)
    {
        var row = new SqlValue[columns];
        for (int i = 0; i < columns; i++)
        {
            switch (raw.sqlite3_column_type(statement, i))
            {
                case raw.SQLITE_INTEGER:
                    row[i] = SqlValue.From(raw.sqlite3_column_int64(statement, i));
                    bytes += 8;
                    break;
                case raw.SQLITE_FLOAT:
                    row[i] = SqlValue.From(raw.sqlite3_column_double(statement, i));
                    bytes += 8;
                    break;
                case raw.SQLITE_TEXT:
                    // The first call makes it UTF-8 whatever the database's encoding; the second gives all of it, NULs included.
                    _ = raw.sqlite3_column_text(statement, i);
                    var text = raw.sqlite3_column_blob(statement, i);
                    row[i] = SqlValue.From(System.Text.Encoding.UTF8.GetString(text));
                    bytes += text.Length;
                    break;
                case raw.SQLITE_BLOB:
                    var blob = raw.sqlite3_column_blob(statement, i);
                    row[i] = SqlValue.From(blob.ToArray());
                    bytes += blob.Length;
                    break;
            }
        }

        bytes += 16;
        return row;
    }

    /// <summary>The error behind a result code, as the library's.</summary>
    public Exception Failed(int code) => SqliteErrors.Translate(context.Name, Handle, code, session.Failure, guard.Refusal);

    /// <summary>An error of the caller's.</summary>
    public DatabaseException Invalid(string code, string message) =>
        new(ErrorKind.Invalid, code, message) { Database = context.Name };

    /// <summary>After a failure: ends whatever transaction is left. False if even that failed: then the connection is good for nothing.</summary>
    public bool TryRenew()
    {
        session.Failure = null;
        guard.Refusal = null;
        try
        {
            if (InTransaction)
            {
                Command("ROLLBACK");
            }

            return true;
        }
        catch (Exception e) when (e is DatabaseException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var statement in compiled.Values.Concat(commands.Values))
        {
            statement.Dispose();
        }

        connection.Dispose();
    }

    private StatementResult Step(sqlite3_stmt statement)
    {
        int before = raw.sqlite3_total_changes(Handle);
        List<IReadOnlyList<SqlValue>> rows = [];
        long bytes = 0;
        int code = raw.sqlite3_step(statement);

        // Only now: the first step compiles a kept statement anew if the schema has changed under it.
        var columns = Columns(statement);
        for (; code == raw.SQLITE_ROW; code = raw.sqlite3_step(statement))
        {
            if (columns.Length == 0)
            {
                // PRAGMA incremental_vacuum stops here after each page: that is no row.
                continue;
            }

            rows.Add(Row(statement, columns.Length, ref bytes));
            if (bytes > context.Options.ResultBytes)
            {
                _ = raw.sqlite3_reset(statement);
                throw Invalid(
                    ErrorCodes.LimitExceeded,
                    $"A statement gives more than {context.Options.ResultBytes} bytes. Stream it as a query, or ask for fewer rows.");
            }
        }

        if (code != raw.SQLITE_DONE)
        {
            throw Failed(raw.sqlite3_reset(statement));
        }

        // sqlite3_changes() keeps an old value over statements that change nothing.
        long changes = raw.sqlite3_total_changes(Handle) == before ? 0 : raw.sqlite3_changes(Handle);
        return new StatementResult(columns, rows, changes, raw.sqlite3_last_insert_rowid(Handle));
    }

    /// <summary>The text as one compiled statement from the cache; null if it holds none, or several.</summary>
    private sqlite3_stmt? Compiled(string sql)
    {
        guard.Refusal = null;
        if (compiled.TryGetValue(sql, out var known))
        {
            return known;
        }

        var statement = Compile(sql, raw.SQLITE_PREPARE_PERSISTENT, out string rest);
        if (statement is null || statement.IsInvalid || !string.IsNullOrWhiteSpace(rest))
        {
            statement?.Dispose();
            return null;
        }

        if (compiled.Count >= CachedStatements && compiled.Remove(compiledOrder.Dequeue(), out var oldest))
        {
            oldest.Dispose();
        }

        compiled.Add(sql, statement);
        compiledOrder.Enqueue(sql);
        return statement;
    }

    private sqlite3_stmt? Compile(string sql, uint flags, out string rest)
    {
        guard.Refusal = null;
        int code = raw.sqlite3_prepare_v3(Handle, sql, flags, out var statement, out rest);
        if (code != raw.SQLITE_OK)
        {
            statement?.Dispose();
            throw Failed(code);
        }

        return statement;
    }
}
